import { expect } from "expect";
import { bitcoinTargets } from "./bitcoin_targets.ts";
import { chainTargets } from "./chain_targets.ts";
import { fuzz } from "./fuzz.ts";
import { recordTargets } from "./record_targets.ts";
import { type FuzzTarget, fuzzTargets } from "./targets.ts";
import { wireTargets } from "./wire_targets.ts";

/** Frames over all targets in an ordinary test run; `deno task fuzz` makes as many as one likes. */
const FRAMES = 20_000;

Deno.test("damaged frames neither make a check throw nor get anything unsafe past it", async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`fuzz seed ${seed}`);
  const targets = [
    ...fuzzTargets(),
    ...recordTargets(),
    ...bitcoinTargets(),
    ...wireTargets(),
    ...chainTargets(),
  ];
  for (const target of targets) {
    await t.step(target.name, () => {
      const { failure, outcomes } = fuzz(target, { runs: Math.ceil(FRAMES / targets.length), seed });
      expect(failure).toBe(undefined);
      expect(outcomes.size).toBeGreaterThan(1); // the frames are neither all good nor all nonsense
      expect(outcomes.get("OK")).toBeGreaterThan(0);
    });
  }
});

Deno.test("fuzz() makes the same frames from the same seed, and tells the frame that fails", () => {
  const frames: string[] = [];
  const target: FuzzTarget = {
    name: "picky",
    seeds: [{ a: 1, b: "two" }],
    maxBytes: 100,
    run(frame) {
      frames.push(frame.toHex());
      if (frames.length % 50 === 0) throw new Error("no");
      return "OK";
    },
  };
  const [first, second] = [1, 2].map(() => fuzz(target, { runs: 1_000, seed: 7 }));
  expect(first?.frames).toBe(50);
  expect(first?.failure).toEqual({ target: "picky", what: "no", frame: frames[49] });
  expect(second?.failure).toEqual(first?.failure);
  expect(frames.slice(50)).toEqual(frames.slice(0, 50));
});

Deno.test("fuzz() tells a frame that is always slow from one that was slow once", () => {
  const wait = (ms: number) => {
    for (const start = performance.now(); performance.now() - start < ms;);
  };
  let runs = 0;
  const target = (run: () => void): FuzzTarget => ({
    name: "slow",
    seeds: [{}],
    maxBytes: 100,
    run: () => (run(), "OK"),
  });
  expect(fuzz(target(() => wait(3)), { runs: 1, seed: 1, slowMs: 2 }).failure?.what).toMatch(/more than 2/);
  expect(fuzz(target(() => runs++ === 0 && wait(30)), { runs: 1, seed: 1, slowMs: 20 }).failure).toBe(
    undefined,
  );
});

Deno.test("fuzz() tells a frame that takes far more memory than a frame may have", () => {
  const kept: unknown[] = [];
  const target = (size: number): FuzzTarget => ({
    name: "dear",
    seeds: [{}],
    maxBytes: 1_000,
    run: () => (kept.push(new Float64Array(size)), "OK"), // all are kept: what is freed would count against it
  });
  expect(fuzz(target(4_000_000), { runs: 1, seed: 1, maxBlowup: 2 }).failure?.what).toMatch(
    /bytes, more than/,
  );
  expect(fuzz(target(10), { runs: 100, seed: 1, maxBlowup: 2 }).failure).toBe(undefined);
});
