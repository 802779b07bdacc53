import { expect } from "expect";
import { CommonsError, FakeClock, type HashHex, sleep } from "../../base/mod.ts";
import { createEventBus } from "../../events/mod.ts";
import { createMetrics } from "../../telemetry/mod.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { isUp, keptLog, nodeRig } from "../../../tests/support/full_node_rig.ts";
import { silentLogger } from "../_fixture.ts";
import type { MempoolEntry } from "../source_types.ts";
import { createMempoolView, type MempoolViewInit } from "./mempool_view.ts";

const ID = (n: number) => n.toString(16).padStart(64, "0") as HashHex;
const NOW = 1_700_000_000;

const tx = (n: number, parts: Partial<MempoolEntry> = {}): MempoolEntry => ({
  txid: ID(n),
  feeSats: 200n,
  vsize: 100,
  time: NOW,
  ...parts,
});

/** A view of what the test puts into `pool`, and what it published, in short. */
async function viewRig(init: MempoolViewInit & { readonly blocks?: boolean } = {}) {
  const { blocks: knowsBlocks = true, ...rest } = init;
  const clock = new FakeClock(NOW * 1_000);
  const events = createEventBus({ clock, logger: silentLogger });
  const told: string[] = [];
  events.listen({ name: "test" }, ({ type, payload }) => {
    const fields = Object.values(payload).map((value) =>
      /^0{50}/.test(String(value)) ? Number("0x" + value) : value
    );
    if (type !== "NewBlock" && type !== "BlockDisconnected") told.push([type, ...fields].join(" "));
  });
  const state = {
    pool: [] as readonly MempoolEntry[],
    up: true,
    error: undefined as unknown,
    rate: undefined as number | undefined,
    looks: 0,
    lookMs: 0,
    asked: 0,
    blocks: new Map<HashHex, readonly HashHex[] | Error>(),
  };
  const { logger, lines } = keptLog();
  const metrics = createMetrics();
  const view = createMempoolView({
    source: {
      available: () => state.up,
      mempool: async ({ limit = Infinity } = {}) => {
        state.looks++;
        if (state.lookMs > 0) await sleep(clock, state.lookMs);
        if (state.error !== undefined) throw state.error;
        return state.pool.slice(0, limit);
      },
      feeRate: () => {
        state.asked++;
        return state.error === undefined ? Promise.resolve(state.rate) : Promise.reject(state.error);
      },
    },
    ...(knowsBlocks && {
      blockTxids: (hash: HashHex) => {
        const txids = state.blocks.get(hash);
        return txids instanceof Error ? Promise.reject(txids) : Promise.resolve(txids);
      },
    }),
    events,
    clock,
    logger,
    metrics,
  }, rest);
  await clock.advance(0);
  return {
    view,
    state,
    clock,
    lines,
    metrics,
    events,
    /** What was told since the last call. */
    seen: () => told.splice(0),
    look: (pool: readonly MempoolEntry[]) => {
      state.pool = pool;
      return clock.advance(5_000);
    },
    async block(n: number, txids: readonly HashHex[] | Error) {
      state.blocks.set(ID(n), txids);
      events.publish("NewBlock", { block_hash: ID(n), height: n });
      await clock.advance(0);
    },
    [Symbol.asyncDispose]: () => view.stop(),
  };
}

const codeOf = (run: () => unknown) => {
  try {
    return run();
  } catch (error) {
    return error instanceof CommonsError ? error.code : error;
  }
};

Deno.test("what comes is told", async () => {
  await using t = await viewRig();
  await t.look([tx(1)]);
  await t.look([tx(1), tx(2, { feeSats: 1_000n })]);
  expect(t.seen()).toEqual([
    "NewTransaction 1",
    "MempoolTransactionAdded 1 2 1",
    "NewTransaction 2",
    "MempoolTransactionAdded 2 10 2",
  ]);
});

Deno.test("a first look at a full mempool tells nothing but its state", async () => {
  const clock = new FakeClock(NOW * 1_000);
  const events = createEventBus({ clock, logger: silentLogger });
  const told: string[] = [];
  events.listen({ name: "test" }, ({ type }) => told.push(type));
  const pool = Array.from({ length: 50_000 }, (_, n) => tx(n, { feeSats: BigInt(n) }));
  const source = {
    available: () => true,
    mempool: () => Promise.resolve(pool),
    feeRate: () => Promise.resolve(undefined),
  };
  const view = createMempoolView({ source, events, clock, logger: silentLogger }, { thresholds: [40_000] });
  await clock.advance(0);
  expect(told).toEqual(["MempoolThresholdExceeded"]);
  expect(view.size()).toEqual({
    transaction_count: 50_000,
    size_bytes: 5_000_000,
    total_fee_sats: 1_249_975_000,
  });
  await view.stop();
});

Deno.test("reads answer of the last look, and are UNAVAILABLE before the first", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2), tx(2), tx(3)]);
  expect(t.view.txids()).toEqual([ID(1), ID(2), ID(3)]);
  expect(t.view.txids(2)).toEqual([ID(1), ID(2)]);
  expect(t.view.txids(0)).toEqual([]);
  expect(t.view.has(ID(2))).toBe(true);
  expect(t.view.has(ID(4))).toBe(false);
  expect(t.view.entry(ID(3))).toEqual(tx(3));
  expect(t.view.available()).toBe(true);
  t.state.up = false;
  expect(t.view.available()).toBe(false);
  expect(t.view.has(ID(2))).toBe(true); // still what was seen last
  t.state.up = true;
  t.state.error = new CommonsError("TIMEOUT", "Cannot ask: slow");
  await t.clock.advance(60_001);
  expect(t.view.available()).toBe(false);

  const clock = new FakeClock();
  const source = {
    available: () => false,
    mempool: () => Promise.reject(new CommonsError("UNAVAILABLE", "Cannot ask: down")),
    feeRate: () => Promise.resolve(1),
  };
  const { logger, lines } = keptLog();
  const events = createEventBus({ clock, logger: silentLogger });
  const view = createMempoolView({ source, events, clock, logger });
  await clock.advance(10_000);
  for (
    const read of [() => view.size(), () => view.has(ID(1)), () => view.txids(), () => view.entry(ID(1))]
  ) {
    expect(codeOf(read)).toBe("UNAVAILABLE");
  }
  await expect(view.feeEstimate(1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(view.available()).toBe(false);
  expect(lines.every((line) => line.startsWith("debug"))).toBe(true);
  await view.stop();
});

Deno.test("what a block has is confirmed, whichever of the two is seen first", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2), tx(3)]);
  t.seen();
  await t.block(100, [ID(9), ID(1)]);
  await t.look([tx(2), tx(3)]);
  expect(t.seen()).toEqual(["MempoolTransactionRemoved 1 confirmed 2"]);
  await t.look([tx(3)]); // gone before its block is known
  expect(t.seen()).toEqual([]);
  await t.block(101, [ID(2)]);
  expect(t.seen()).toEqual(["MempoolTransactionRemoved 2 confirmed 1"]);
});

Deno.test("what no block has is unknown after a while, or expired when it is old enough", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2, { time: NOW - 336 * 3_600 }), tx(3)]);
  t.seen();
  await t.look([tx(3)]);
  expect(t.seen()).toEqual(["MempoolTransactionRemoved 2 expired 1"]);
  await t.clock.advance(10_000);
  expect(t.seen()).toEqual([]);
  await t.clock.advance(5_000);
  expect(t.seen()).toEqual(["MempoolTransactionRemoved 1 unknown 1"]);
});

Deno.test("without anybody who knows blocks nothing is waited for", async () => {
  await using t = await viewRig({ blocks: false });
  await t.look([tx(1), tx(2)]);
  t.seen();
  await t.block(100, [ID(1)]);
  await t.look([tx(2)]);
  expect(t.seen()).toEqual(["MempoolTransactionRemoved 1 unknown 1"]);
});

Deno.test("a block that cannot be read, or left the best chain, confirms nothing", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2), tx(3)]);
  t.seen();
  await t.block(100, new CommonsError("UNAVAILABLE", "Cannot ask: down"));
  await t.block(101, [ID(2)]);
  t.events.publish("BlockDisconnected", { hash: ID(101), height: 101 });
  await t.look([tx(3)]);
  await t.clock.advance(15_000);
  expect(t.seen()).toEqual([
    "MempoolTransactionRemoved 1 unknown 1",
    "MempoolTransactionRemoved 2 unknown 1",
  ]);
});

Deno.test("one that comes back before anybody was told never was away", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2)]);
  t.seen();
  await t.look([tx(2)]);
  await t.look([tx(1), tx(2)]);
  await t.clock.advance(30_000);
  expect(t.seen()).toEqual([]);
});

Deno.test("MempoolCleared tells of a mempool that was thrown away, not of one that was mined", async () => {
  await using t = await viewRig();
  await t.look([tx(1), tx(2)]);
  t.seen();
  await t.look([]);
  await t.clock.advance(15_000);
  expect(t.seen()).toEqual([
    "MempoolTransactionRemoved 1 unknown 0",
    "MempoolTransactionRemoved 2 unknown 0",
    "MempoolCleared 2",
  ]);
  await t.look([tx(3), tx(4)]);
  t.seen();
  await t.look([]);
  await t.block(100, [ID(3), ID(4)]);
  await t.clock.advance(15_000);
  expect(t.seen()).toEqual([
    "MempoolTransactionRemoved 3 confirmed 0",
    "MempoolTransactionRemoved 4 confirmed 0",
  ]);
});

Deno.test("a flood is cut and counted", async () => {
  await using t = await viewRig({ maxEvents: 2, blocks: false });
  await t.look([tx(1), tx(2), tx(3), tx(4), tx(5)]);
  expect(t.seen()).toHaveLength(4);
  await t.look([]);
  expect(t.seen()).toEqual([
    "MempoolTransactionRemoved 1 unknown 0",
    "MempoolTransactionRemoved 2 unknown 0",
    "MempoolCleared 5",
  ]);
  expect(await t.metrics.text()).toContain("commons_mempool_events_skipped_total 6");
});

Deno.test("a mempool that is too large is cut, says so, and tells no false events", async () => {
  await using t = await viewRig({ maxEntries: 2, blocks: false });
  await t.look([tx(1), tx(2)]);
  t.seen();
  expect(t.view.truncated).toBe(false);
  await t.look([tx(3), tx(1), tx(2)]);
  expect(t.view.truncated).toBe(true);
  expect(t.view.size().transaction_count).toBe(2);
  await t.look([tx(1), tx(2)]);
  expect(t.view.truncated).toBe(false);
  expect(t.seen()).toEqual([]);
  await t.look([tx(1)]);
  expect(t.seen()).toHaveLength(1);
  expect(t.lines.map((line) => line.split(" {")[0])).toEqual([
    "warn the mempool is larger than what is held of it",
    "info all of the mempool is held again",
  ]);
});

Deno.test("thresholds are told once, and again after the mempool was a tenth below", async () => {
  await using t = await viewRig({ thresholds: [10, 20], maxEvents: 0 });
  const fill = (count: number) => t.look(Array.from({ length: count }, (_, n) => tx(n + 1)));
  await fill(10);
  expect(t.seen()).toEqual([]);
  await fill(21);
  expect(t.seen()).toEqual(["MempoolThresholdExceeded 21 10", "MempoolThresholdExceeded 21 20"]);
  await fill(18);
  await fill(21);
  expect(t.seen()).toEqual([]);
  await fill(17);
  await fill(21);
  expect(t.seen()).toEqual(["MempoolThresholdExceeded 21 20"]);
});

Deno.test("FeeRateChanged tells of a tenth or more", async () => {
  await using t = await viewRig({ maxEvents: 0 });
  const block = (rate: number) => tx(rate, { feeSats: BigInt(rate) * 998_000n, vsize: 998_000 });
  await t.look([block(10)]);
  const [first] = t.seen();
  expect(first).toMatch(/^FeeRateChanged 1 10\.\d+ 1$/);
  await t.look([block(10), tx(1)]);
  expect(t.seen()).toEqual([]);
  await t.look([block(10), block(20)]);
  expect(t.seen()[0]).toMatch(/^FeeRateChanged 10\.\d+ 20\.\d+ 2$/);
  await t.look([tx(1)]);
  expect(t.seen().at(-1)).toMatch(/^FeeRateChanged 20\.\d+ 1 1$/);
});

Deno.test("feeEstimate() is the node's, else the mempool's, at least 1", async () => {
  await using t = await viewRig();
  const block = (rate: number) => tx(rate, { feeSats: BigInt(rate) * 998_000n, vsize: 998_000 });
  await t.look([block(30), block(20), block(10)]);
  t.state.rate = 12.5;
  expect(await t.view.feeEstimate(1)).toEqual({ satPerVbyte: 12.5, from: "node" });
  const { asked } = t.state;
  await Promise.all([t.view.feeEstimate(1), t.view.feeEstimate(1)]);
  expect(t.state.asked).toBe(asked); // kept for ten seconds
  await t.block(100, []);
  await t.view.feeEstimate(1);
  expect(t.state.asked).toBe(asked + 1); // or up to the next block
  await t.clock.advance(10_000);
  t.state.rate = 0.2;
  expect(await t.view.feeEstimate(1)).toEqual({ satPerVbyte: 1, from: "node" });
  await t.clock.advance(10_000);
  t.state.rate = undefined;
  const near = async (target: number, rate: number) => {
    const { satPerVbyte, from } = await t.view.feeEstimate(target);
    expect(from).toBe("mempool");
    expect(satPerVbyte).toBeGreaterThanOrEqual(rate);
    expect(satPerVbyte).toBeLessThan(rate * 1.025);
  };
  await near(1, 30);
  await near(2, 20);
  await near(3, 10);
  expect(await t.view.feeEstimate(4)).toEqual({ satPerVbyte: 1, from: "minimum" });
  t.state.error = new CommonsError("SOURCE_FAULT", "Cannot use it: odd");
  await t.clock.advance(10_000);
  await near(1, 30);
  for (const target of [0, -1, 1.5, NaN, 1_009, Infinity]) {
    await expect(t.view.feeEstimate(target)).rejects.toMatchObject({ code: "INVALID_TARGET" });
  }
  await expect(t.view.feeEstimate(1, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
    "enough",
  );
});

Deno.test("wake() looks at once, and no more than twice a second", async () => {
  await using t = await viewRig();
  const { looks } = t.state;
  await t.clock.advance(1_000);
  for (let i = 0; i < 100; i++) t.view.wake();
  await t.clock.advance(0);
  expect(t.state.looks).toBe(looks + 1);
  for (let i = 0; i < 20; i++) {
    t.view.wake();
    await t.clock.advance(50);
  }
  expect(t.state.looks).toBeLessThanOrEqual(looks + 3);
  await t.clock.advance(500);
  await t.clock.advance(5_000);
  expect(t.state.looks).toBeLessThanOrEqual(looks + 5);
});

Deno.test("wake() leaves more time between looks that take long, but not more than the poll does", async () => {
  await using t = await viewRig();
  for (const [lookMs, most] of [[400, 26], [4_000, 8]] as const) {
    t.state.lookMs = lookMs;
    await t.clock.advance(60_000);
    const { looks } = t.state;
    for (let i = 0; i < 600; i++) {
      t.view.wake();
      await t.clock.advance(100);
    }
    expect(t.state.looks - looks).toBeLessThanOrEqual(most);
    expect(t.state.looks - looks).toBeGreaterThanOrEqual(most - 3);
  }
  t.state.lookMs = 0;
  await t.clock.advance(60_000);
});

Deno.test("a node that is down is left alone, and a fault is logged", async () => {
  await using t = await viewRig();
  t.state.up = false;
  const { looks } = t.state;
  await t.clock.advance(20_000);
  expect(t.state.looks).toBe(looks);
  t.state.up = true;
  t.state.error = new CommonsError("SOURCE_FAULT", "Cannot use it: odd");
  await t.clock.advance(15_000);
  const warnings = () => t.lines.filter((line) => line.startsWith("warn"));
  expect(warnings()).toEqual(['warn the mempool was not read {"error":"Cannot use it: odd"}']);
  t.state.error = undefined;
  await t.clock.advance(5_000);
  t.state.error = new CommonsError("SOURCE_FAULT", "Cannot use it: odd");
  await t.clock.advance(5_000);
  expect(warnings()).toHaveLength(2);
});

Deno.test("stop() hears nothing more, and leaves no timer", async () => {
  const t = await viewRig();
  await t.view.stop();
  await t.view.stop();
  t.view.wake();
  t.events.publish("NewBlock", { block_hash: ID(1), height: 1 });
  expect(t.clock.pending).toBe(0);
});

Deno.test("a view over JSON-RPC", async () => {
  await using rig = nodeRig();
  await isUp(rig);
  rig.fake.mempool.set(ID(1), { fee: 0.00000282, vsize: 141 });
  const clock = new FakeClock();
  const events = createEventBus({ clock, logger: silentLogger });
  const told: string[] = [];
  events.listen({ name: "test" }, ({ type }) => told.push(type));
  const { node } = rig;
  const view = createMempoolView({
    source: node,
    blockTxids: (hash, options) => node.blockTxids(hash, options),
    events,
    clock,
    logger: silentLogger,
  });
  await eventually("the first look", () => view.available());
  expect(view.size()).toEqual({ transaction_count: 1, size_bytes: 141, total_fee_sats: 282 });
  rig.fake.mempool.delete(ID(1));
  rig.fake.mempool.set(ID(2), { fee: 0.00000141, vsize: 141 });
  rig.fake.blockTxids.set(ID(100), [ID(1)]);
  events.publish("NewBlock", { block_hash: ID(100), height: 1 });
  await clock.advance(500);
  await eventually("both changes", () => told.length === 4);
  expect(told.slice(1).toSorted()).toEqual([
    "MempoolTransactionAdded",
    "MempoolTransactionRemoved",
    "NewTransaction",
  ]);
  expect(await view.feeEstimate(2)).toEqual({ satPerVbyte: 1, from: "minimum" });
  await view.stop();
});
