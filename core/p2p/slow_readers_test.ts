import { expect } from "expect";
import type { Connection } from "@libp2p/interface";
import { FakeClock } from "../base/mod.ts";
import { silentLogger } from "./_fixture.ts";
import { watchSlowReaders } from "./slow_readers.ts";

const MIB = 1024 * 1024;

class FakeConnection {
  readonly streams: { writeBufferLength: number }[] = [{ writeBufferLength: 0 }, { writeBufferLength: 0 }];
  readonly remotePeer: { toString(): string };
  aborted = 0;

  constructor(name: string) {
    this.remotePeer = { toString: () => name };
  }

  behind(...bytes: number[]): void {
    bytes.forEach((length, i) => this.streams[i] = { writeBufferLength: length });
  }

  abort(): void {
    this.aborted++;
  }
}

Deno.test("watchSlowReaders() drops who stays behind, and nobody else", () => {
  const clock = new FakeClock();
  const [slow, bursty, idle] = ["slow", "bursty", "idle"].map((name) => new FakeConnection(name));
  if (!slow || !bursty || !idle) throw new Error("three connections");
  const blamed: string[] = [];
  let connections = [slow, bursty, idle];
  const watch = watchSlowReaders({
    clock,
    logger: silentLogger,
    connections: () => connections as unknown as Connection[], // only what is looked at
    blame: (peerId) => void blamed.push(peerId),
  });
  slow.behind(MIB / 2, MIB / 2);
  for (let check = 0; check < 6; check++) {
    bursty.behind(check % 3 === 2 ? 0 : 3 * MIB, 0);
    expect([check, slow.aborted]).toEqual([check, check < 3 ? 0 : 1]);
    clock.advance(10_000);
    if (slow.aborted > 0) connections = [bursty, idle];
  }
  expect([slow.aborted, bursty.aborted, idle.aborted, blamed]).toEqual([1, 0, 0, ["slow"]]);
  watch[Symbol.dispose]();
  bursty.behind(3 * MIB, 3 * MIB);
  clock.advance(120_000);
  expect(bursty.aborted).toBe(0);
});
