import { expect } from "expect";
import type { HashHex } from "../../base/mod.ts";
import type { MempoolEntry } from "../source_types.ts";
import { Departures } from "./departures.ts";
import { FeeHistogram } from "./fee_histogram.ts";

const ID = (n: number) => n.toString(16).padStart(64, "0") as HashHex;
const tx = (n: number, sats = 200n, vsize = 100): MempoolEntry => ({
  txid: ID(n),
  feeSats: sats,
  vsize,
  time: 1_000,
});
const range = (count: number, from = 0) => Array.from({ length: count }, (_, n) => tx(from + n));

Deno.test("Departures hold no more than 20,000: the oldest are settled first", () => {
  const departures = new Departures({ blocksKnown: true });
  departures.left(range(20_000), { now: 0, emptied: false });
  expect(departures.settle({ now: 1, seconds: 1_000 })).toEqual([]);
  departures.left(range(3, 50_000), { now: 1, emptied: false });
  const settled = departures.settle({ now: 1, seconds: 1_000 });
  expect(settled.map(({ entry, reason }) => [entry.txid, reason])).toEqual([
    [ID(0), "unknown"],
    [ID(1), "unknown"],
    [ID(2), "unknown"],
  ]);
  expect(departures.waiting).toBe(20_000);
});

Deno.test("Departures remember the last six blocks", () => {
  const departures = new Departures({ blocksKnown: true });
  for (let n = 0; n < 7; n++) departures.connected(ID(100 + n), [ID(n)]);
  departures.left([tx(0), tx(1)], { now: 0, emptied: false });
  expect(departures.settle({ now: 0, seconds: 1_000 }).map(({ entry }) => entry.txid)).toEqual([ID(1)]);
});

Deno.test("FeeHistogram rateBehind() is within 2 % above, whatever came and went", () => {
  const histogram = new FeeHistogram();
  expect(histogram.rateBehind(1)).toBeUndefined();
  for (const rate of [0.01, 0.5, 1, 1.5, 7, 33, 1_000, 1_000_000]) {
    const entry = tx(1, BigInt(Math.round(rate * 10_000)), 10_000);
    const other = tx(2, BigInt(Math.round(rate * 30_000)), 10_000);
    histogram.add(entry);
    histogram.add(other);
    histogram.remove(other);
    const behind = histogram.rateBehind(10_000) ?? 0;
    expect(behind).toBeGreaterThanOrEqual(rate);
    expect(behind).toBeLessThanOrEqual(rate * 1.0201);
    histogram.remove(entry);
    expect(histogram.rateBehind(1)).toBeUndefined();
  }
});

Deno.test("FeeHistogram takes fees of nothing and of everything", () => {
  const histogram = new FeeHistogram();
  histogram.add(tx(1, 0n));
  histogram.add(tx(2, 2_100_000_000_000_000n, 1));
  expect(histogram.rateBehind(1)).toBeGreaterThan(1e6);
  expect(histogram.rateBehind(101)).toBeLessThan(0.02);
});
