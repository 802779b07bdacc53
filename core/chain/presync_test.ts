import { expect } from "expect";
import { concatBytes, type HashHex } from "../base/mod.ts";
import { chainParams } from "./params.ts";
import { cursorAt } from "./cursor_at.ts";
import { ChainState } from "./chain_state.ts";
import { genesisBase, recordOf } from "./anchor.ts";
import { mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, LATE, testChain } from "./_fixture.ts";
import { HeadersPresync } from "./presync.ts";

const ROOT = tipOf(genesisOf("regtest"));

/** A presync from regtest's genesis that wants as much work as `blocks` have. */
function presyncOf(blocks: number, options: { now?: number } = {}): HeadersPresync {
  const params = chainParams("regtest");
  const state = new ChainState(params, { base: genesisBase(params), salt: 1 });
  state.begin(recordOf(genesisOf("regtest")));
  return new HeadersPresync({
    cursor: cursorAt(state, 0),
    start: ROOT.hash,
    startTime: ROOT.time,
    leastWork: BigInt((blocks + 1) * 2),
    latestTime: () => options.now ?? LATE,
    salt: new Uint8Array(32).fill(3),
  });
}

Deno.test("HeadersPresync counts first, fetches then, and releases what it counted", async () => {
  const { headers, tip } = mineHeaders(ROOT, 1_500);
  const presync = presyncOf(1_300);
  const pieces = Array.from({ length: 15 }, (_, i) => headers.subarray(i * 8_000, i * 8_000 + 8_000));
  for (const piece of pieces.slice(0, 12)) expect(presync.feed(piece)).toMatchObject({ state: "counting" });
  expect(presync.feed(pieces[12] ?? headers)).toEqual({ state: "fetching", released: new Uint8Array(0) });
  expect(presync.next()).toBe(ROOT.hash.toReversed().toHex());
  await using t = await testChain();
  const counts: number[] = [];
  for (const piece of pieces) {
    const { released } = presync.feed(piece);
    counts.push(released.length / 80);
    if (released.length > 0) await t.chain.accept(released, { lowWork: "store" });
  }
  expect(counts).toEqual([0, 0, 0, 0, 0, 512, 0, 0, 0, 0, 512, 0, 276, 0, 0]);
  expect(presync.state).toBe("done");
  expect(t.chain.tip().height).toBe(1_300);
  expect((await t.chain.accept(headers.subarray(1_300 * 80))).tip.hash).toBe(tip.hash.toReversed().toHex());
});

Deno.test("HeadersPresync releases nothing that does not go on from what was counted", () => {
  const { headers } = mineHeaders(ROOT, 600);
  const cheap = mineHeaders(ROOT, 3, { tag: 1 }).headers; // its work counts for nothing
  const presync = presyncOf(600);
  expect(presync.feed(headers).state).toBe("fetching");
  expect(presync.feed(concatBytes([headers, cheap]))).toEqual({
    state: "refused",
    code: "NOT_CONTINUOUS",
    released: new Uint8Array(0),
  });
});

Deno.test("HeadersPresync notices another chain in the second pass", () => {
  const honest = mineHeaders(ROOT, 600);
  const other = mineHeaders(ROOT, 600, { tag: 1 });
  const presync = presyncOf(600);
  expect(presync.feed(honest.headers).state).toBe("fetching");
  expect(presync.feed(other.headers.subarray(0, 511 * 80))).toMatchObject({ state: "fetching" });
  expect(presync.feed(other.headers.subarray(511 * 80))).toEqual({
    state: "refused",
    code: "CHANGED_CHAIN",
    released: new Uint8Array(0),
  });
  expect(presync.feed(honest.headers).state).toBe("refused");
});

Deno.test("HeadersPresync refuses chains that break a rule, have a gap or cannot be that long", () => {
  const { headers } = mineHeaders(ROOT, 700);
  expect(presyncOf(700).feed(headers.subarray(80))).toMatchObject({
    state: "refused",
    code: "NOT_CONTINUOUS",
  });
  const broken = headers.slice();
  broken[80 * 50 + 72] = 0xfe;
  expect(presyncOf(700).feed(broken)).toMatchObject({ state: "refused", code: "BAD_DIFFBITS" });
  const young = mineHeaders(ROOT, 700, { spacing: 1 }).headers;
  expect(presyncOf(700, { now: ROOT.time + 20 }).feed(young.subarray(0, 80 * 30))).toMatchObject({
    code: "TIME_TOO_NEW",
  });
  const dense = mineHeaders(ROOT, 700, { spacing: 0 }).headers;
  expect(presyncOf(700, { now: ROOT.time + 20 }).feed(dense)).toMatchObject({ code: "TIME_TOO_OLD" });
});

Deno.test("presync() is the way in for a chain that accept() refuses", async () => {
  await using t = await testChain();
  const old = mineHeaders(ROOT, 400);
  await t.chain.accept(old.headers);
  const better = mineHeaders(ROOT, 600, { tag: 1 });
  const step = 200 * 80;
  expect((await t.chain.accept(better.headers.subarray(0, step))).accepted).toBe(0);
  const presync = t.chain.presync(t.chain.base().hash);
  if (!presync) throw new Error("Cannot test: the base is known");
  let at = 0;
  while (presync.state === "counting" || presync.state === "fetching") {
    const before = presync.state;
    const { state, released } = presync.feed(better.headers.subarray(at, at + step));
    at = state === before || state === "done" ? at + step : 0; // the second pass starts again
    if (released.length > 0) await t.chain.accept(released, { lowWork: "store" });
  }
  expect([presync.state, presync.count, t.chain.stats().stale]).toEqual(["done", 400, 400]);
  await t.chain.accept(better.headers.subarray(at)); // welcome now as any chain near the tip
  expect(t.chain.tip()).toMatchObject({ height: 600, hash: better.tip.hash.toReversed().toHex() });
  expect(t.chain.stats()).toMatchObject({ stale: 400, reorgs: 1 });
  expect(t.chain.presync("00".repeat(32) as HashHex))
    .toBeUndefined();
});
