import { expect } from "expect";
import { encodeFrame, FrameError, FrameReader } from "./frames.ts";

/** Feeds bytes in pieces of `size` and collects the messages. */
function read(bytes: Uint8Array, options: { size?: number; maxBytes?: number } = {}): unknown[] {
  const { size = bytes.length, maxBytes = 1 << 20 } = options;
  const reader = new FrameReader(maxBytes);
  const out: unknown[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const space = reader.space;
    const part = bytes.subarray(offset, offset + Math.min(size, space.length));
    space.set(part);
    reader.advance(part.length);
    offset += part.length;
    for (let messages = reader.next(); messages; messages = reader.next()) out.push(...messages);
  }
  return out;
}

function frameOf(text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
}

Deno.test("FrameReader reads what encodeFrame wrote", async (t) => {
  const long = "é".repeat(20_000);
  const cases: Record<string, string[]> = {
    "one message": ['["s"]'],
    "several messages": ['["p",1]', '["p",2]', '["l","info","ü€😀"]'],
    "a long text beyond the in-place size": [JSON.stringify(["l", "info", long])],
    "no message": [],
  };
  for (const [name, texts] of Object.entries(cases)) {
    for (const size of [1, 3, 1_000, 100_000]) {
      await t.step(`${name} in pieces of ${size}`, () => {
        if (size === 1 && texts.join("").length > 10_000) return; // minutes for nothing
        expect(read(encodeFrame(texts), { size })).toEqual(texts.map((text) => JSON.parse(text)));
      });
    }
  }
});

Deno.test("FrameReader reads many frames that arrive together, and one larger than its first buffer", () => {
  const frames = Array.from({ length: 5_000 }, (_, i) => encodeFrame([`["p",${i}]`]));
  const large = encodeFrame([JSON.stringify(["l", "info", "x".repeat(900_000)])]);
  const all = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0) + large.length);
  let offset = 0;
  for (const frame of [...frames, large]) {
    all.set(frame, offset);
    offset += frame.length;
  }
  const messages = read(all, { size: 65_536 });
  expect(messages.length).toBe(5_001);
  expect(messages[4_999]).toEqual(["p", 4_999]);
});

Deno.test("FrameReader refuses broken frames", async (t) => {
  const cases: Record<string, Uint8Array> = {
    "length over the cap, before the body came": new Uint8Array([0x7f, 0xff, 0xff, 0xff]),
    "one byte over the cap": frameOf(JSON.stringify(["x".repeat(997)])),
    "not JSON": frameOf("hello"),
    "empty body": frameOf(""),
    "not an array": frameOf('{"a":1}'),
    "not UTF-8": Uint8Array.from([0, 0, 0, 4, 0x5b, 0xff, 0xfe, 0x5d]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    await t.step(name, () => expect(() => read(bytes, { maxBytes: 1_000 })).toThrow(FrameError));
  }
});

Deno.test("FrameReader takes a frame of exactly the cap", () => {
  const text = JSON.stringify(["x".repeat(996)]);
  expect(new TextEncoder().encode(text).length).toBe(1_000);
  expect(read(frameOf(text), { maxBytes: 1_000 })).toEqual(["x".repeat(996)]);
});
