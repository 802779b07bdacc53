import { expect } from "expect";
import { FakeClock, type HashHex, tryHashHex } from "../base/mod.ts";
import { createEventBus } from "../events/mod.ts";
import { createMetrics } from "../telemetry/mod.ts";
import { type MinedTip, mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, LATE, silentLogger, testChain } from "./_fixture.ts";
import { createSourceDesk } from "./source_desk.ts";

const ROOT = tipOf(genesisOf("regtest"));
const MINUTE = 60_000;

function hashOf({ hash }: MinedTip): HashHex {
  const found = tryHashHex(hash.toReversed().toHex());
  if (found === undefined) throw new Error("not a hash");
  return found;
}

async function rig() {
  const clock = new FakeClock(LATE * 1000);
  const t = await testChain({ clock });
  const lines: [string, unknown][] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    lines.push([message, fields?.["source"] ?? fields?.["chains"]]);
  };
  const metrics = createMetrics();
  const desk = createSourceDesk({
    chain: t.chain,
    events: { listen: t.bus.listen.bind(t.bus), publish: t.bus.publish.bind(t.bus) },
    clock,
    logger: { ...silentLogger, warn: line, info: line },
    metrics,
  });
  return {
    ...t,
    clock,
    desk,
    metrics,
    lines: () => lines.splice(0),
    async [Symbol.asyncDispose]() {
      desk[Symbol.dispose]();
      expect(clock.pending).toBe(0);
      await t[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a source on another branch is told once, after the grace time, and once when it is back", async () => {
  await using r = await rig();
  const best = mineHeaders(ROOT, 5);
  const other = mineHeaders(ROOT, 3, { tag: 1 });
  await r.chain.accept(best.headers);
  await r.chain.accept(other.headers);
  r.desk.noteTip("rpc", { hash: hashOf(other.tip) });
  await r.clock.advance(9 * MINUTE);
  expect(r.lines()).toEqual([]);
  expect(r.desk.sources().sources).toMatchObject([{
    name: "rpc",
    state: "fork",
    tip: { height: 3 },
    seenSecondsAgo: 540,
    disagreesForSeconds: 540,
    syncing: false,
  }]);
  await r.clock.advance(20 * MINUTE);
  expect(r.lines()).toEqual([["a source disagrees with the best chain", "rpc"]]);
  r.desk.noteTip("rpc", { hash: hashOf(best.tip) });
  await r.clock.advance(MINUTE);
  expect(r.lines()).toEqual([["a source agrees with the best chain again", "rpc"]]);
  expect(r.desk.sources().sources[0]).not.toHaveProperty("disagreesForSeconds");
  r.desk.forget("rpc");
  expect(r.desk.sources()).toEqual({ sources: [] });
});

Deno.test("tips that are unknown or refused are disagreement, unless the source is sending them", async () => {
  await using r = await rig();
  const hash = hashOf(mineHeaders(ROOT, 1, { tag: 3 }).tip);
  r.desk.noteTip("bitcoin-p2p a", { hash, height: 7 });
  const syncing = r.desk.syncing("bitcoin-p2p a", 7);
  await r.clock.advance(30 * MINUTE);
  expect(r.desk.sources().sources).toMatchObject([{ state: "unknown", tip: { height: 7 }, syncing: true }]);
  expect(r.lines()).toEqual([]);
  syncing[Symbol.dispose]();
  syncing[Symbol.dispose]();
  await r.clock.advance(11 * MINUTE);
  expect(r.lines()).toEqual([["a source disagrees with the best chain", "bitcoin-p2p a"]]);
  r.desk.noteRefused("bitcoin-p2p a", { code: "HIGH_HASH", hash });
  await r.clock.advance(2 * MINUTE); // the state is another one
  expect(r.lines()).toEqual([
    ["a header was refused", "bitcoin-p2p a"],
    ["a source disagrees with the best chain", "bitcoin-p2p a"],
  ]);
  expect(r.desk.sources().sources).toMatchObject([{ state: "refused", refused: { HIGH_HASH: 1 } }]);
});

Deno.test("sources that follow different chains are told together, once per change", async () => {
  await using r = await rig();
  const best = mineHeaders(ROOT, 5);
  const other = mineHeaders(ROOT, 3, { tag: 1 });
  await r.chain.accept(best.headers);
  await r.chain.accept(other.headers);
  r.desk.noteTip("rpc", { hash: hashOf(best.tip) });
  r.desk.noteTip("gossip", { hash: hashOf(other.tip) });
  await r.clock.advance(30 * MINUTE);
  expect(r.lines()).toEqual([
    ["a source disagrees with the best chain", "gossip"],
    ["sources follow different chains", { best: ["rpc"], [hashOf(other.tip)]: ["gossip"] }],
  ]);
  r.desk.noteTip("bitcoin-p2p a", { hash: hashOf(best.tip) });
  await r.clock.advance(MINUTE);
  expect(r.lines().map(([message]) => message)).toEqual(["sources follow different chains"]);
  r.desk.forget("gossip");
  await r.clock.advance(MINUTE);
  expect(r.lines().map(([message]) => message)).toEqual(["the sources agree again"]);
});

Deno.test("refusals are counted by kind of source and code, within bounds", async () => {
  await using r = await rig();
  for (let i = 0; i < 100; i++) {
    r.desk.noteRefused(`bitcoin-p2p ${i}`, { code: i % 2 ? "HIGH_HASH" : "not a code\n" });
    r.desk.noteRefused("rpc", { code: `CODE_${i}` });
    r.desk.noteRefused(`kind${i}`, { code: "HIGH_HASH" });
  }
  expect(r.desk.sources().sources.length).toBe(64);
  const text = await r.metrics.text();
  expect(text).toContain('commons_chain_source_refused_total{source="bitcoin-p2p",code="HIGH_HASH"} 50');
  expect(text).toContain('commons_chain_source_refused_total{source="bitcoin-p2p",code="OTHER"} 50');
  expect(text).toContain('commons_chain_source_refused_total{source="rpc",code="OTHER"} 68');
  expect(text).toContain('commons_chain_source_refused_total{source="other",code="HIGH_HASH"} 86');
  expect(text).toContain('commons_chain_sources{state="none"} 64');
});

Deno.test("a long sync is told from the first source that begins to the last that ends", async () => {
  await using r = await rig();
  const { headers } = mineHeaders(ROOT, 4_500);
  const syncEvents = () =>
    r.events.splice(0).filter(({ type }) => type.startsWith("HeadersSync")).map((e) => [e.type, e.payload]);
  const first = r.desk.syncing("rpc", 4_000);
  const second = r.desk.syncing("bitcoin-p2p a", 4_500);
  expect(syncEvents()).toEqual([["HeadersSyncStarted", { start_height: 0 }]]);
  await r.clock.advance(5_000);
  await r.chain.accept(headers.subarray(0, 2_250 * 80)); // two slices, one progress
  expect(syncEvents()).toEqual([["HeadersSyncProgress", {
    current_height: 2_000,
    target_height: 4_500,
    progress_percent: 44.4,
  }]]);
  first[Symbol.dispose]();
  await r.clock.advance(1_500);
  await r.chain.accept(headers.subarray(2_250 * 80));
  expect(r.desk.sources().sync).toEqual({
    startHeight: 0,
    height: 4_500,
    targetHeight: 4_500,
    percent: 100,
    seconds: 6,
  });
  second[Symbol.dispose]();
  expect(syncEvents().at(-1)).toEqual(["HeadersSyncCompleted", { final_height: 4_500, duration_seconds: 6 }]);
  expect(r.desk.sources()).not.toHaveProperty("sync");
});

Deno.test("short syncs are told to nobody; long ones whatever was claimed", async () => {
  await using r = await rig();
  const { headers } = mineHeaders(ROOT, 700);
  const types = () => r.events.splice(0).map(({ type }) => type).filter((type) => type.startsWith("Headers"));
  {
    using _sync = r.desk.syncing("rpc", 10);
    await r.chain.accept(headers.subarray(0, 10 * 80));
  }
  expect(types()).toEqual([]);
  {
    using _sync = r.desk.syncing("rpc", 0);
    await r.chain.accept(headers.subarray(10 * 80));
  }
  expect(types()).toEqual(["HeadersSyncStarted", "HeadersSyncCompleted"]);
});

Deno.test("claims beyond what time allows do not become the target", async () => {
  const clock = new FakeClock();
  const store = await testChain({ network: "mainnet", clock });
  const events = createEventBus({ clock, logger: silentLogger });
  using desk = createSourceDesk({ chain: store.chain, events, clock, logger: silentLogger });
  const years = (clock.now() / 1000 - store.chain.tip().time) / (365 * 86_400);
  for (const claim of [4e9, Infinity, NaN, -1]) {
    using _sync = desk.syncing("bitcoin-p2p a", claim);
    expect(desk.sources().sync?.targetHeight).toBeLessThan(years * 52_560 * 2 + 3_000);
  }
  await store[Symbol.asyncDispose]();
});
