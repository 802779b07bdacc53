/** Chains that the tests mine themselves: long enough, often enough and crooked enough to meet every turn. */
import { expect } from "expect";
import { FakeClock, type HashHex, seededRandom } from "../base/mod.ts";
import type { NodeEvent } from "../events/mod.ts";
import { type MinedChain, type MinedTip, mineHeaders, mineOne, tipOf } from "../../tests/support/mining.ts";
import { codesOf, genesisOf, testChain } from "./_fixture.ts";
import { MAX_FUTURE_SECONDS, RETARGET_INTERVAL } from "./params.ts";
import type { HeaderChain } from "./types.ts";

const ROOT = tipOf(genesisOf("regtest"));
const DEPTHS = 100;

function nameOf({ hash }: MinedTip): HashHex {
  return hash.toReversed().toHex() as HashHex;
}

function put(chain: HeaderChain, headers: Uint8Array) {
  return chain.accept(headers, { lowWork: "store" });
}

/** Every header of a mined chain by itself. */
function tipsOf({ headers }: MinedChain): MinedTip[] {
  return Array.from(
    { length: headers.length / 80 },
    (_, i) => tipOf(headers.subarray(i * 80, i * 80 + 80)),
  );
}

interface Reorganisation {
  readonly fork: number;
  /** What leaves, oldest first. */
  readonly old: readonly MinedTip[];
  /** What comes, oldest first. */
  readonly next: readonly MinedTip[];
}

/** What everybody hears of a reorganisation to the branch that its last header made the best. */
function eventsOf({ fork, old, next }: Reorganisation): Pick<NodeEvent, "type" | "payload">[] {
  const [oldTip, newTip] = [old.at(-1), next.at(-1)];
  if (!oldTip || !newTip) throw new Error("Cannot test: no reorganisation");
  return [
    ...old.map((tip, i) => ({
      type: "BlockDisconnected" as const,
      payload: { hash: nameOf(tip), height: fork + 1 + i },
    })).reverse(),
    { type: "ChainReorg", payload: { old_tip: nameOf(oldTip), new_tip: nameOf(newTip) } },
    ...next.map((tip, i) => ({
      type: "NewBlock" as const,
      payload: { block_hash: nameOf(tip), height: fork + 1 + i },
    })),
    {
      type: "ChainTipUpdated",
      payload: {
        block_hash: nameOf(newTip),
        height: fork + next.length,
        chainwork: ((fork + next.length + 1) * 2).toString(16).padStart(64, "0"),
        previous_hash: nameOf(next.at(-2) ?? newTip),
      },
    },
  ];
}

Deno.test("reorganisations of every depth from 1 to 100 follow each other on one chain", async () => {
  await using t = await testChain();
  const stem = mineHeaders(ROOT, DEPTHS + 1);
  await put(t.chain, stem.headers);
  const best: MinedTip[] = [ROOT, ...tipsOf(stem)]; // by height
  let stale = 0;
  for (let depth = 1; depth <= DEPTHS; depth++) {
    const fork = best.length - 1 - depth;
    const branch = mineHeaders(best[fork] ?? ROOT, depth + 1, { tag: depth });
    const from = t.events.length;
    if (depth % 2 === 0) await put(t.chain, branch.headers);
    else { // header by header: until the last one nothing happens
      for (let i = 0; i < depth; i++) await put(t.chain, branch.headers.subarray(i * 80, i * 80 + 80));
      expect(t.events.length).toBe(from);
      expect(t.chain.tip().hash).toBe(nameOf(best.at(-1) ?? ROOT));
      await put(t.chain, branch.headers.subarray(depth * 80));
    }
    const old = best.splice(fork + 1);
    best.push(...tipsOf(branch));
    expect(t.events.slice(from).map(({ type, payload }) => ({ type, payload }))).toEqual(
      eventsOf({ fork, old, next: best.slice(fork + 1) }),
    );
    stale += depth;
    expect(t.chain.stats()).toMatchObject({ reorgs: depth, stale, orphans: 0 });
  }
  expect(best.map((_, height) => t.chain.hashAt(height))).toEqual(best.map(nameOf));
  expect(t.chain.tip().height).toBe(DEPTHS + 1 + DEPTHS); // one more for each depth
  expect(t.chain.staleTips().map(({ branchLength }) => branchLength)).toContain(DEPTHS);
  const again = await t.reopen();
  expect(again.tip()).toEqual(t.chain.tip());
  expect(again.range(0, 1_000)).toEqual(t.chain.range(0, 1_000));
  expect(again.stats()).toEqual({ ...t.chain.stats(), reorgs: 0 });
});

Deno.test("of equal work the first seen stays the tip, also for a node that starts again", async () => {
  await using t = await testChain();
  const stem = mineHeaders(ROOT, 3);
  await put(t.chain, stem.headers);
  const length = 5;
  const branches = [1, 2, 3, 4].map((tag) => mineHeaders(stem.tip, length, { tag }));
  for (const branch of branches) await put(t.chain, branch.headers);
  const tipNow = async (tip: MinedTip) => {
    expect(t.chain.tip().hash).toBe(nameOf(tip));
    expect((await t.reopen()).tip()).toEqual(t.chain.tip());
  };
  await tipNow(branches[0]?.tip ?? ROOT);
  expect(t.chain.stats()).toMatchObject({ reorgs: 0, stale: 3 * length });
  // Each of the others gets one more in turn: the first that had it stays, until one has two.
  const longer = branches.slice(1).map(({ tip }, i) => mineHeaders(tip, 1, { tag: 10 + i }));
  for (const { headers } of longer) await put(t.chain, headers);
  await tipNow(longer[0]?.tip ?? ROOT);
  expect(t.chain.stats().reorgs).toBe(1);
  const last = longer[2]?.tip ?? ROOT;
  const winner = mineHeaders(last, 1);
  await put(t.chain, winner.headers);
  await tipNow(winner.tip);
  expect(t.chain.stats().reorgs).toBe(2);
  expect(t.chain.staleTips().map(({ hash }) => hash).toSorted()).toEqual(
    [branches[0]?.tip, longer[0]?.tip, longer[1]?.tip].map((tip) => nameOf(tip ?? ROOT)).toSorted(),
  );
});

Deno.test("two miners who take turns: the tip is whose header was the first of its height", async () => {
  await using t = await testChain();
  const sides = [{ tip: ROOT, serial: 0 }, { tip: ROOT, serial: 0 }];
  let reorgs = 0;
  for (let height = 1; height <= 60; height++) {
    const first = height % 3 === 0 ? 1 : 0; // who is faster this time
    const before = t.chain.tip().hash;
    const behind = sides[first]?.tip ?? ROOT;
    if (nameOf(behind) !== before) reorgs++;
    for (const side of [first, 1 - first]) {
      const miner = sides[side];
      if (!miner) throw new Error("Cannot happen: there are two");
      const { headers, tip } = mineHeaders(miner.tip, 1, { tag: side + 1 });
      miner.tip = tip;
      await put(t.chain, headers);
      expect(t.chain.tip()).toMatchObject({ height, hash: nameOf(sides[first]?.tip ?? ROOT) });
    }
  }
  expect(t.chain.stats()).toMatchObject({ reorgs, stale: 60, headers: 121 });
  expect(reorgs).toBeGreaterThan(30);
});

/** The rules of time as anybody would write them down. */
function timeFault(
  times: readonly number[],
  { time, now }: { readonly time: number; readonly now: number },
): string | undefined {
  const last = times.slice(-11).toSorted((a, b) => a - b);
  if (time <= (last[last.length >> 1] ?? 0)) return "TIME_TOO_OLD";
  return time > now + MAX_FUTURE_SECONDS ? "TIME_TOO_NEW" : undefined;
}

Deno.test("times at every edge of what is allowed: the median of eleven and two hours ahead", async () => {
  const random = seededRandom(1_109);
  const clock = new FakeClock(ROOT.time * 1000);
  await using t = await testChain({ clock });
  const times = [ROOT.time];
  let tip = ROOT;
  const seen = new Map<string, number>();
  for (let round = 0; round < 1_500; round++) {
    if (random.number() < 0.3) clock.jump(Math.floor(random.number() * 3_000) * 1000);
    const now = Math.floor(clock.now() / 1000);
    const median = times.slice(-11).toSorted((a, b) => a - b)[Math.min(times.length, 11) >> 1] ?? 0;
    const edges = [median - 1, median, median + 1, now, now + 7_199, now + 7_200, now + 7_201, now + 90_000];
    const edge = edges[Math.floor(random.number() * edges.length)] ?? now;
    const time = random.number() < 0.8 ? edge : median + Math.floor(random.number() * 9_000);
    const { headers, tip: mined } = mineOne(tip, { time, tag: round });
    const fault = timeFault(times, { time, now });
    const result = await put(t.chain, headers);
    expect([round, codesOf(result)[0]]).toEqual([round, fault]);
    seen.set(fault ?? "taken", (seen.get(fault ?? "taken") ?? 0) + 1);
    if (fault !== undefined) continue;
    times.push(time);
    tip = mined;
  }
  expect(t.chain.tip()).toMatchObject({ height: times.length - 1, hash: nameOf(tip) });
  for (const outcome of ["taken", "TIME_TOO_OLD", "TIME_TOO_NEW"]) {
    expect([outcome, (seen.get(outcome) ?? 0) > 100]).toEqual([outcome, true]);
  }
});

Deno.test("a chain whose times creep and jump at each period's end gains nothing on regtest", async () => {
  const clock = new FakeClock((ROOT.time + 400 * RETARGET_INTERVAL) * 1000);
  const now = Math.floor(clock.now() / 1000);
  await using t = await testChain({ clock });
  let tip = ROOT;
  for (let height = 1; height <= 2 * RETARGET_INTERVAL + 1; height++) {
    // as slow as the median lets it, and as late as may be right before the period ends
    const time = (height + 1) % RETARGET_INTERVAL === 0 ? now + MAX_FUTURE_SECONDS : ROOT.time + height;
    const { headers, tip: mined } = mineOne(tip, { time, tag: height });
    expect([height, codesOf(await put(t.chain, headers))]).toEqual([height, {}]);
    tip = mined;
  }
  const height = 2 * RETARGET_INTERVAL + 1;
  expect(t.chain.tip()).toMatchObject({
    height,
    chainwork: ((height + 1) * 2).toString(16).padStart(64, "0"),
  });
  const easier = mineOne(tip, { bits: 0x2100ffff, time: tip.time + 5_000 });
  expect(codesOf(await put(t.chain, easier.headers))).toEqual({ 0: "BAD_DIFFBITS" });
});
