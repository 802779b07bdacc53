import { expect } from "expect";
import { concatBytes, type HashHex } from "../../base/mod.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { mineHeaders, mineOne, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf, LATE, testChain, type TestChainOptions } from "../_fixture.ts";
import { FakeClock } from "../../base/mod.ts";
import type { SourceDesk } from "../source_types.ts";
import { keptLog, nodeRig } from "../../../tests/support/full_node_rig.ts";
import { startHeaderFeed } from "./header_feed.ts";

const GENESIS = genesisOf("regtest");
const ROOT = tipOf(GENESIS);

/** A desk that keeps what it is told. */
function keptDesk() {
  const told: string[] = [];
  const desk: SourceDesk = {
    noteTip: (source, tip) => told.push(`tip ${source} ${tip.height}`),
    noteRefused: (source, { code }) => told.push(`refused ${source} ${code}`),
    syncing(source, height) {
      told.push(`syncing ${source} ${height}`);
      return { [Symbol.dispose]: () => told.push(`synced ${source}`) };
    },
    forget: (source) => told.push(`forget ${source}`),
  };
  return { desk, told };
}

async function feedRig(headers: Uint8Array, options: TestChainOptions = {}) {
  const stack = new AsyncDisposableStack();
  const rig = stack.use(nodeRig({ before: (fake) => fake.setChain(concatBytes([GENESIS, headers])) }));
  const t = stack.use(await testChain(options));
  const clock = new FakeClock(LATE * 1000);
  const { logger, lines } = keptLog();
  const { desk, told } = keptDesk();
  const feed = startHeaderFeed({ rpc: rig.node, chain: t.chain, desk, clock, logger });
  stack.defer(() => feed.stop());
  return {
    ...rig,
    feedClock: clock,
    chain: t.chain,
    feed,
    told,
    feedLines: lines,
    /** Lets one poll pass. */
    async poll(ms = 2_000) {
      await eventually("the round is over", () => clock.pending === 1);
      const { requests } = rig.fake;
      await clock.advance(ms);
      await eventually("the next round is over", () => rig.fake.requests > requests && clock.pending === 1);
    },
    async atHeight(height: number) {
      await eventually(`height ${height}`, () => t.chain.tip().height === height);
      await eventually("the round is over", () => clock.pending === 1);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const display = (tip: { readonly hash: Uint8Array }) => tip.hash.toReversed().toHex() as HashHex;

Deno.test("the feed reads a whole chain by steps, then each new block", async () => {
  const first = mineHeaders(ROOT, 1_234);
  await using t = await feedRig(first.headers);
  await t.atHeight(1_234);
  expect(t.chain.tip().hash).toBe(display(first.tip));
  expect(t.told).toEqual(["tip rpc 1234", "syncing rpc 1234", "synced rpc"]);
  const more = mineHeaders(first.tip, 2);
  t.fake.setChain(concatBytes([GENESIS, first.headers, more.headers]));
  t.fake.called.length = 0;
  await t.poll();
  await t.atHeight(1_236);
  expect(t.told.at(-1)).toBe("tip rpc 1236");
  // One for the locator, then two hashes and two headers.
  expect(t.fake.called.filter((method) => method === "getblockheader")).toHaveLength(1 + 2);
  t.fake.called.length = 0;
  await t.poll();
  expect(t.fake.called).toEqual(["getbestblockhash", "getblockheader"]); // nothing is new
});

Deno.test("the feed follows reorganisations, also deep ones and ones that it has seen", async () => {
  const trunk = mineHeaders(ROOT, 20);
  const old = mineHeaders(trunk.tip, 100, { tag: 1 });
  await using t = await feedRig(concatBytes([trunk.headers, old.headers]));
  await t.atHeight(120);
  const other = mineHeaders(trunk.tip, 101, { tag: 2 });
  t.fake.setChain(concatBytes([GENESIS, trunk.headers, other.headers]));
  await t.poll();
  await t.atHeight(121);
  expect(t.chain.tip().hash).toBe(display(other.tip));
  expect(t.chain.stats()).toMatchObject({ reorgs: 1, stale: 100 });
  // Back, by invalidateblock: the old branch is known, has less work, and stays a branch.
  t.fake.setChain(concatBytes([GENESIS, trunk.headers, old.headers]));
  await t.poll();
  expect(t.told.at(-1)).toBe("tip rpc 120");
  expect(t.chain.tip().height).toBe(121);
});

Deno.test("wake() looks at once, and one that comes during a round is not lost", async () => {
  await using t = await feedRig(new Uint8Array(0));
  await t.atHeight(0);
  const { headers } = mineHeaders(ROOT, 1);
  t.fake.setChain(concatBytes([GENESIS, headers]));
  t.feed.wake();
  t.feed.wake();
  await t.atHeight(1);
});

Deno.test("a chain that breaks a rule is refused once, and not asked for again until it changes", async () => {
  const good = mineHeaders(ROOT, 3);
  const bad = mineOne(good.tip, { bits: 0x207ffffe });
  await using t = await feedRig(concatBytes([good.headers, bad.headers]));
  await t.atHeight(3);
  await t.poll();
  await t.poll();
  expect(t.told.filter((line) => line.startsWith("refused"))).toEqual(["refused rpc BAD_DIFFBITS"]);
  expect(t.feedLines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
  t.fake.called.length = 0;
  await t.poll();
  expect(t.fake.called).toEqual(["getbestblockhash", "getblockheader"]);
  const better = mineHeaders(good.tip, 2);
  t.fake.setChain(concatBytes([GENESIS, good.headers, better.headers]));
  await t.poll();
  await t.atHeight(5);
});

Deno.test("a header that is too new is offered again after a minute", async () => {
  const clock = new FakeClock((ROOT.time + 600) * 1000);
  const { headers } = mineOne(ROOT, { time: ROOT.time + 600 + 7_201 });
  await using t = await feedRig(headers, { clock });
  await eventually("refused", () => t.told.includes("refused rpc TIME_TOO_NEW"));
  clock.jump(1_000);
  await t.poll();
  expect(t.chain.tip().height).toBe(0);
  await t.poll(60_000);
  await t.atHeight(1);
});

Deno.test("a chain that shares nothing with this one is refused, once for each of its tips", async () => {
  const ours = mineHeaders(ROOT, 5);
  const theirs = mineHeaders(ROOT, 6, { tag: 9 });
  const anchor = { height: 5, header: ours.headers.slice(320), chainwork: 12n };
  await using t = await feedRig(theirs.headers, { anchor });
  await eventually("refused", () => t.told.includes("refused rpc UNKNOWN_PARENT"));
  await t.poll();
  expect(t.told.filter((line) => line.startsWith("refused"))).toHaveLength(1);
  expect(t.feedLines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
  // A node that is behind the anchor is only behind.
  t.fake.setChain(concatBytes([GENESIS, ours.headers.slice(0, 160)]));
  await t.poll();
  expect(t.told.at(-1)).toBe("tip rpc 2");
  // And one that has come past it is followed.
  const more = mineHeaders(ours.tip, 3);
  t.fake.setChain(concatBytes([GENESIS, ours.headers, more.headers]));
  await t.poll();
  await t.atHeight(8);
});

Deno.test("a best chain that changes under the feed's hands begins the round anew", async () => {
  const old = mineHeaders(ROOT, 2, { tag: 1 });
  const fresh = mineHeaders(ROOT, 3, { tag: 2 });
  await using t = await feedRig(new Uint8Array(0));
  await t.atHeight(0);
  t.fake.setChain(concatBytes([GENESIS, old.headers]));
  let changed = false;
  t.fake.misbehave = (_request, messages) => {
    // After the hashes of the locator and of the step, before its headers.
    if (!changed && messages[0]?.method === "getblockhash" && messages.length === 2) {
      changed = true;
      t.fake.setChain(concatBytes([GENESIS, fresh.headers]));
    }
    return undefined;
  };
  t.feed.wake();
  await t.atHeight(3);
  expect(t.told.filter((line) => line.startsWith("refused"))).toEqual([]);
});

Deno.test("a node that goes is forgotten once, and followed when it is back", async () => {
  await using t = await feedRig(mineHeaders(ROOT, 1).headers);
  await t.atHeight(1);
  t.fake.misbehave = () => new Response(null, { status: 502 });
  await t.poll();
  await t.feedClock.advance(2_000);
  await t.feedClock.advance(2_000);
  expect(t.told.filter((line) => line.startsWith("forget"))).toEqual(["forget rpc"]);
  expect(t.feedLines.filter((line) => !line.startsWith("debug"))).toEqual([]);
});

Deno.test("answers that cannot be used are told to the desk, and warned of once", async () => {
  await using t = await feedRig(new Uint8Array(0));
  await t.atHeight(0);
  t.fake.methods.set("getbestblockhash", () => "nonsense");
  await t.poll();
  await t.poll();
  expect(t.told.filter((line) => line === "refused rpc SOURCE_FAULT")).toHaveLength(2);
  expect(t.feedLines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
});

Deno.test("stop() ends a round that hangs", async () => {
  await using t = await feedRig(mineHeaders(ROOT, 1).headers);
  await t.atHeight(1);
  t.fake.misbehave = () => new Promise(() => {});
  const { requests } = t.fake;
  t.feed.wake();
  await eventually("it hangs", () => t.fake.requests > requests);
  await t.feed.stop();
  await t.feed.stop();
  t.feed.wake();
  expect(t.feedClock.pending).toBe(0);
});
