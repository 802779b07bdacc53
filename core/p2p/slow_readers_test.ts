import { expect } from "expect";
import type { Connection } from "@libp2p/interface";
import { FakeClock } from "../base/mod.ts";
import { RecordingMetrics, silentLogger } from "./_fixture.ts";
import { SlowReaders } from "./slow_readers.ts";

const MIB = 1024 * 1024;

/** What a connection's streams are written to, as the library has it. */
class FakeEnd extends EventTarget {
  writeBufferLength = 0;
  maxWriteBufferLength: number | undefined = undefined;
}

class FakeConnection extends EventTarget {
  readonly streams: { writeBufferLength: number }[] = [{ writeBufferLength: 0 }, { writeBufferLength: 0 }];
  readonly remotePeer: { toString(): string };
  readonly end = new FakeEnd();
  readonly muxer = Object.assign(new EventTarget(), { maConn: this.end });
  aborted = 0;
  sent = 0;

  constructor(name: string) {
    super();
    this.remotePeer = { toString: () => name };
  }

  behind(...bytes: number[]): void {
    bytes.forEach((length, i) => this.streams[i] = { writeBufferLength: length });
  }

  abort(): void {
    this.aborted++;
    this.dispatchEvent(new Event("close"));
  }
}

function setup(...names: string[]) {
  const clock = new FakeClock();
  const metrics = new RecordingMetrics();
  const all = names.map((name) => new FakeConnection(name));
  const blamed: string[] = [];
  const readers = new SlowReaders({
    clock,
    logger: silentLogger,
    metrics,
    // only what is looked at
    connections: () => all.filter(({ aborted }) => aborted === 0) as unknown as Connection[],
    sentTo: (peerId) => all.find(({ remotePeer }) => remotePeer.toString() === peerId)?.sent ?? 0,
    misbehaved: ({ remotePeer }, code) => void blamed.push(`${remotePeer} ${code}`),
  });
  for (const connection of all) readers.opened(connection as unknown as Connection);
  const [first, second, third] = all;
  if (!first || !second || !third) throw new Error("three connections");
  const dropped = (reason: string) => metrics.value("commons_p2p_slow_readers_dropped_total", { reason });
  const aborted = () => all.map((one) => one.aborted);
  return { clock, readers, blamed, all, first, second, third, dropped, aborted };
}

Deno.test("SlowReaders drops who stays behind, and nobody else", async () => {
  const { clock, readers, blamed, first: slow, second: bursty, aborted, dropped } = setup(
    "slow",
    "bursty",
    "idle",
  );
  slow.behind(MIB / 2, MIB / 2);
  for (let check = 0; check < 6; check++) {
    bursty.behind(check % 3 === 2 ? 0 : 3 * MIB, 0);
    expect([check, slow.aborted]).toEqual([check, check < 3 ? 0 : 1]);
    await clock.advance(10_000);
  }
  expect([aborted(), blamed, dropped("behind")]).toEqual([[1, 0, 0], ["slow SLOW_READER"], 1]);
  readers[Symbol.dispose]();
  bursty.behind(3 * MIB, 3 * MIB);
  await clock.advance(120_000);
  expect(bursty.aborted).toBe(0);
});

Deno.test("SlowReaders does not blame who has a slow line", async () => {
  const { clock, blamed, first: slow, second: still, aborted } = setup("slow", "still", "idle");
  slow.behind(3 * MIB);
  still.behind(3 * MIB);
  for (let check = 0; check < 3; check++) {
    slow.sent += 128 * 1024;
    still.sent += 16 * 1024;
    await clock.advance(10_000);
  }
  expect([aborted(), blamed]).toEqual([[1, 1, 0], ["still SLOW_READER"]]);
});

Deno.test("SlowReaders blames who is ended by something else while it reads nothing", async () => {
  const { clock, blamed, first, second, third, dropped } = setup("long", "short", "idle");
  first.behind(3 * MIB);
  await clock.advance(10_000);
  second.behind(3 * MIB);
  await clock.advance(10_000);
  for (const connection of [first, second, third]) connection.dispatchEvent(new Event("close"));
  expect([blamed, dropped("behind")]).toEqual([["long SLOW_READER"], 1]);
});

Deno.test("SlowReaders counts what waits under the streams, and caps it", async () => {
  const { clock, blamed, first, second, third, dropped, aborted } = setup("asks", "grants", "reset");
  first.end.writeBufferLength = 2 * MIB;
  expect(second.end.maxWriteBufferLength).toBe(8 * MIB);
  const overflow = Object.assign(new Error("too much"), { name: "StreamBufferError" });
  second.end.dispatchEvent(Object.assign(new Event("close"), { error: overflow }));
  third.end.dispatchEvent(Object.assign(new Event("close"), { error: new Error("reset") }));
  expect([aborted(), blamed]).toEqual([[0, 1, 0], ["grants SLOW_READER"]]);
  await clock.advance(30_000);
  expect([aborted(), dropped("overflow"), dropped("behind")]).toEqual([[1, 1, 0], 1, 1]);
});

Deno.test("SlowReaders drops whoever is furthest behind when all together are too much", async () => {
  const { clock, blamed, all, dropped, aborted } = setup("least", "middle", "most");
  [40, 60, 70].forEach((mib, i) => all[i]?.behind(mib * MIB));
  await clock.advance(10_000);
  expect([aborted(), blamed, dropped("memory")]).toEqual([[0, 0, 1], [], 1]);
});
