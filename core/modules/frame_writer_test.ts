import { expect } from "expect";
import { afterTurn } from "../base/mod.ts";
import { FrameReader } from "../../workers/protocol/mod.ts";
import { FrameWriter } from "./frame_writer.ts";

/** A writer, and the messages of each frame that it wrote. */
function recorder() {
  const frames: unknown[][] = [];
  const reader = new FrameReader(1_048_576);
  const writer = new FrameWriter({
    write(bytes) {
      reader.space.set(bytes);
      reader.advance(bytes.length);
      for (let messages = reader.next(); messages; messages = reader.next()) frames.push(messages);
      return Promise.resolve(bytes.length);
    },
    onBroken() {},
  });
  return { frames, writer };
}

const turn = () => new Promise<void>((resolve) => afterTurn(resolve));

Deno.test("FrameWriter sends events of one turn in one frame", async () => {
  const { frames, writer } = recorder();
  writer.sendEvent("1");
  await Promise.resolve(); // still the same turn
  writer.sendEvent("2");
  expect(writer.events).toBe(2);
  await turn();
  expect(frames).toEqual([[["v", 1], ["v", 2]]]);
  expect(writer.events).toBe(0);
});

Deno.test("FrameWriter sends a message at once, and events that wait before it", async () => {
  const { frames, writer } = recorder();
  writer.sendEvent("1");
  writer.send('["x"]');
  await writer.flushing;
  expect(frames).toEqual([[["v", 1], ["x"]]]);
  await turn();
  expect(frames.length).toBe(1);
});

Deno.test("FrameWriter does not let events pile up in one turn", async () => {
  const { frames, writer } = recorder();
  for (let i = 0; i < 1_000; i++) {
    writer.sendEvent(String(i));
    if (i % 100 === 0) await writer.flushing;
  }
  await turn();
  expect(frames.flat()).toEqual(Array.from({ length: 1_000 }, (_, i) => ["v", i]));
  expect(frames.length).toBeGreaterThan(2);
});

Deno.test("FrameWriter tells once that the other end has gone, and takes no more", async () => {
  let broken = 0;
  const writer = new FrameWriter({
    write: () => Promise.reject(new Error("gone")),
    onBroken: () => broken++,
  });
  writer.send('["x"]');
  await writer.flushing;
  writer.send('["x"]');
  writer.sendEvent("1");
  await turn();
  expect({ broken, length: writer.length, events: writer.events }).toEqual({
    broken: 1,
    length: 0,
    events: 0,
  });
});
