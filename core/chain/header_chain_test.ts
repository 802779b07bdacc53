import { expect } from "expect";
import { FakeClock, type HashHex, seededRandom } from "../base/mod.ts";
import { type MinedTip, mineHeaders, mineOne, tipOf } from "../../tests/support/mining.ts";
import { codesOf, genesisOf, testChain } from "./_fixture.ts";
import type { HeaderChain } from "./types.ts";

const ROOT = tipOf(genesisOf("regtest"));

function nameOf({ hash }: MinedTip): HashHex {
  return hash.toReversed().toHex() as HashHex;
}

function put(chain: HeaderChain, headers: Uint8Array) {
  return chain.accept(headers, { lowWork: "store" });
}

Deno.test("accept() says what became of each header", async () => {
  await using t = await testChain();
  const main = mineHeaders(ROOT, 5);
  const first = await put(t.chain, main.headers.subarray(0, 160));
  expect(first).toMatchObject({ accepted: 2, duplicate: 0, rejected: [], adopted: 0 });
  expect(first.tip).toMatchObject({ height: 2, chainwork: "6".padStart(64, "0"), bits: 0x207fffff });
  const stranger = mineHeaders({ hash: new Uint8Array(32).fill(9), time: ROOT.time }, 2);
  const batch = new Uint8Array(9 * 80);
  batch.set(main.headers, 0); // two known, three new
  batch.set(stranger.headers, 5 * 80);
  batch.set(mineOne(main.tip, { version: 3 }).headers, 7 * 80);
  batch.set(mineOne(main.tip, { bits: 0x207ffffe }).headers, 8 * 80);
  const second = await put(t.chain, batch);
  expect(second).toMatchObject({ accepted: 3, duplicate: 2 });
  expect(codesOf(second)).toEqual({
    5: "UNKNOWN_PARENT",
    6: "UNKNOWN_PARENT",
    7: "BAD_VERSION",
    8: "BAD_DIFFBITS",
  });
  expect(second.tip).toEqual(t.chain.tip());
  expect(t.chain.hashAt(5)).toBe(nameOf(main.tip));
  expect(t.chain.headerAt(6)).toBeUndefined();
  expect(t.chain.headerAt(-1)).toBeUndefined();
  expect(t.chain.range(1, 100)).toEqual(main.headers);
  expect(t.chain.range(4, 1)).toEqual(main.headers.subarray(240, 320));
  expect(t.chain.range(6, 10).length).toBe(0);
});

Deno.test("accept() wants whole headers, and not too many", async () => {
  await using t = await testChain();
  for (const length of [0, 79, 81, 159]) {
    await expect(t.chain.accept(new Uint8Array(length))).rejects.toMatchObject({ code: "HEADER_LENGTH" });
  }
  await expect(t.chain.accept(new Uint8Array(80 * 50_001))).rejects.toMatchObject({
    code: "BATCH_TOO_LARGE",
  });
  await t.chain.close();
  await t.chain.close();
  await expect(t.chain.accept(new Uint8Array(80))).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

Deno.test("accept() refuses times of the future until they have come", async () => {
  const clock = new FakeClock((ROOT.time + 1_000) * 1000);
  await using t = await testChain({ clock });
  const header = mineOne(ROOT, { time: ROOT.time + 1_000 + 7_201 }).headers;
  expect(codesOf(await put(t.chain, header))).toEqual({ 0: "TIME_TOO_NEW" });
  clock.jump(1_000);
  expect((await put(t.chain, header)).accepted).toBe(1);
});

Deno.test("accept() refuses times at or before the median", async () => {
  await using t = await testChain();
  const main = mineHeaders(ROOT, 20);
  await put(t.chain, main.headers);
  const median = ROOT.time + 15 * 600;
  expect(t.chain.headerAt(20)?.medianTime).toBe(median);
  const warped = mineOne(main.tip, { time: median });
  expect(codesOf(await put(t.chain, warped.headers))).toEqual({ 0: "TIME_TOO_OLD" });
  const held = mineOne(main.tip, { time: median + 1 });
  expect((await put(t.chain, held.headers)).accepted).toBe(1);
});

Deno.test("a branch with more work becomes the best chain, and everybody hears in what order", async (t) => {
  for (const depth of [1, 2, 3, 10, 50, 99, 100]) {
    await t.step(`depth ${depth}`, async () => {
      await using test = await testChain();
      const stem = mineHeaders(ROOT, 5);
      const old = mineHeaders(stem.tip, depth, { tag: 1 });
      const better = mineHeaders(stem.tip, depth + 1, { tag: 2 });
      await put(test.chain, stem.headers);
      await put(test.chain, old.headers);
      test.seen();
      const tie = await put(test.chain, better.headers.subarray(0, depth * 80));
      expect(tie).toMatchObject({ accepted: depth, tip: { hash: nameOf(old.tip) } });
      expect(test.seen()).toEqual([]); // of equal work the first seen stays
      expect(test.chain.staleTips()).toMatchObject([{ height: 5 + depth, branchLength: depth }]);
      const from = test.events.length;
      const result = await put(test.chain, better.headers.subarray(depth * 80));
      expect(result.tip.hash).toBe(nameOf(better.tip));
      const events = test.events.slice(from);
      expect(events.map(({ type }) => type)).toEqual([
        ...Array.from({ length: depth }, () => "BlockDisconnected"),
        "ChainReorg",
        ...Array.from({ length: depth + 1 }, () => "NewBlock"),
        "ChainTipUpdated",
      ]);
      expect(events.slice(0, depth).map(({ payload }) => payload)).toEqual(
        Array.from({ length: depth }, (_, i) => ({
          hash: nameOf(tipOf(old.headers.subarray((depth - 1 - i) * 80, (depth - i) * 80))),
          height: 5 + depth - i,
        })),
      );
      expect(events[depth]?.payload).toEqual({ old_tip: nameOf(old.tip), new_tip: nameOf(better.tip) });
      expect(events.slice(depth + 1, -1).map(({ payload }) => payload)).toEqual(
        Array.from({ length: depth + 1 }, (_, i) => ({
          block_hash: nameOf(tipOf(better.headers.subarray(i * 80, (i + 1) * 80))),
          height: 6 + i,
        })),
      );
      expect(events.at(-1)?.payload).toEqual({
        block_hash: nameOf(better.tip),
        height: 6 + depth,
        chainwork: result.tip.chainwork,
        previous_hash: nameOf(tipOf(better.headers.subarray((depth - 1) * 80, depth * 80))),
      });
      expect(test.chain.staleTips()).toMatchObject([{ hash: nameOf(old.tip), branchLength: depth }]);
      expect(test.chain.header(nameOf(old.tip))?.confirmations).toBe(-1);
      expect(test.chain.range(6, 200)).toEqual(better.headers);
      await put(test.chain, mineHeaders(old.tip, 2, { tag: 3 }).headers); // and back
      expect(test.chain.tip().height).toBe(7 + depth);
      expect(test.chain.stats().reorgs).toBe(2);
    });
  }
});

Deno.test("many branches of any shape lead to the chain that a naive node would choose", async () => {
  const random = seededRandom(20_240_115);
  await using t = await testChain();
  const tips: (MinedTip & { height: number })[] = [{ ...ROOT, height: 0 }];
  let best = tips[0];
  for (let round = 0; round < 300; round++) {
    const parent = tips[Math.floor(random.number() ** 0.3 * tips.length)];
    if (!parent || !best) throw new Error("Cannot happen: there is a root");
    const count = 1 + Math.floor(random.number() * 4);
    const mined = mineHeaders(parent, count, { tag: round + 1 });
    for (let i = 1; i <= count; i++) {
      tips.push({ ...tipOf(mined.headers.subarray((i - 1) * 80, i * 80)), height: parent.height + i });
    }
    if (parent.height + count > best.height) best = tips.at(-1);
    expect((await put(t.chain, mined.headers)).tip.hash).toBe(nameOf(best ?? ROOT));
  }
  expect(t.chain.stats().headers).toBe(tips.length);
  for (const tip of tips) {
    expect(t.chain.header(nameOf(tip))).toMatchObject({
      height: tip.height,
      chainwork: ((tip.height + 1) * 2).toString(16).padStart(64, "0"),
    });
  }
  const again = await t.reopen();
  expect(again.tip()).toEqual(t.chain.tip());
  expect(again.staleTips()).toEqual(t.chain.staleTips());
});

Deno.test("accept() announces a day of blocks one by one, and of more only the last", async () => {
  await using t = await testChain();
  const chain = mineHeaders(ROOT, 144 + 145);
  await put(t.chain, chain.headers.subarray(0, 144 * 80));
  expect(t.seen().filter((type) => type === "NewBlock").length).toBe(144);
  await put(t.chain, chain.headers.subarray(144 * 80));
  expect(t.seen()).toEqual(["NewBlock", "ChainTipUpdated"]);
  expect(t.events.at(-2)?.payload).toEqual({ block_hash: nameOf(chain.tip), height: 289 });
});

Deno.test("strangers' chains with too little work are not stored", async () => {
  await using t = await testChain();
  const main = mineHeaders(ROOT, 1_000);
  expect((await t.chain.accept(main.headers)).accepted).toBe(1_000);
  const bytes = t.chain.stats().bytes;
  for (let i = 0; i < 5; i++) { // 10,000 headers
    const result = await t.chain.accept(mineHeaders(ROOT, 800, { tag: i + 1 }).headers);
    expect(new Set(Object.values(codesOf(result)))).toEqual(new Set(["LOW_WORK"]));
    expect(result.rejected.length).toBe(800);
    const far = mineHeaders({ hash: new Uint8Array(32).fill(i + 1), time: ROOT.time }, 1_200);
    const orphaned = await t.chain.accept(far.headers, { keepOrphans: true });
    expect(orphaned.rejected.length).toBe(1_200);
  }
  expect(t.chain.stats()).toEqual({
    headers: 1_001,
    stale: 0,
    orphans: 1_000,
    reorgs: 0,
    bytes,
    damagedChunks: 0,
  });
  // near the tip (144 blocks) a branch is welcome: it may win
  const fork = tipOf(t.chain.range(900, 1));
  expect((await t.chain.accept(mineHeaders(fork, 10, { tag: 9 }).headers)).accepted).toBe(10);
});

Deno.test("stored headers off the best chain are bounded, and a better chain is taken all the same", async () => {
  await using t = await testChain({ maxStale: 25 });
  await put(t.chain, mineHeaders(ROOT, 10).headers);
  expect((await put(t.chain, mineHeaders(ROOT, 10, { tag: 1 }).headers)).accepted).toBe(10);
  expect((await put(t.chain, mineHeaders(ROOT, 10, { tag: 2 }).headers)).accepted).toBe(10);
  const refused = await put(t.chain, mineHeaders(ROOT, 10, { tag: 3 }).headers);
  expect(new Set(Object.values(codesOf(refused)))).toEqual(new Set(["TOO_MANY_STALE"]));
  expect(t.chain.stats()).toMatchObject({ headers: 31, stale: 20 });
  const better = await put(t.chain, mineHeaders(ROOT, 11, { tag: 4 }).headers);
  expect(better).toMatchObject({ accepted: 11, tip: { height: 11 } });
  expect(t.chain.stats()).toMatchObject({ headers: 42, stale: 30 });
});

Deno.test("orphans wait for their parents when the caller wants it", async () => {
  await using t = await testChain({ maxOrphans: 3 });
  const { headers } = mineHeaders(ROOT, 6);
  const one = (i: number) => headers.subarray(i * 80, i * 80 + 80);
  await put(t.chain, one(1));
  expect(t.chain.stats().orphans).toBe(0);
  for (const i of [5, 1, 2, 3]) await t.chain.accept(one(i), { keepOrphans: true, lowWork: "store" });
  expect(t.chain.stats().orphans).toBe(3); // the oldest had to go
  expect(await put(t.chain, one(0))).toMatchObject({ accepted: 1, adopted: 3, tip: { height: 4 } });
  expect(t.chain.stats().orphans).toBe(0);
});

Deno.test("orphans without work do not come in", async () => {
  await using t = await testChain();
  const header = mineOne({ hash: new Uint8Array(32).fill(1), time: ROOT.time }).headers;
  for (let nonce = 0; nonce < 60; nonce++) { // most of these are above the target
    header[76] = nonce;
    header[77] = 200;
    await t.chain.accept(header, { keepOrphans: true });
  }
  expect(t.chain.stats().orphans).toBeLessThan(50);
  header.set([0, 0, 0, 0x20], 72); // target 0
  const before = t.chain.stats().orphans;
  await t.chain.accept(header, { keepOrphans: true });
  expect(t.chain.stats().orphans).toBe(before);
});

Deno.test("setAnchor() begins the chain anywhere, once", async () => {
  await using t = await testChain();
  const stem = mineHeaders(ROOT, 10);
  const header = stem.headers.subarray(9 * 80);
  const anchor = { height: 10, header, chainwork: 22n };
  expect(await t.chain.setAnchor(anchor)).toMatchObject({ height: 10, hash: nameOf(stem.tip) });
  expect(await t.chain.setAnchor(anchor)).toMatchObject({ height: 10 });
  expect(t.chain.anchored).toBe(true);
  expect(await t.chain.setAnchor({ ...anchor, chainwork: 23n })).toMatchObject({ height: 10 }); // still empty
  const more = mineHeaders(stem.tip, 30);
  expect((await put(t.chain, more.headers)).tip).toMatchObject({ height: 40 });
  await expect(t.chain.setAnchor({ ...anchor, height: 11 })).rejects.toMatchObject({
    code: "CHAIN_NOT_EMPTY",
  });
  expect(t.chain.locator().at(-1)).toBe(nameOf(stem.tip));
  expect(codesOf(await put(t.chain, stem.headers.subarray(0, 80)))).toEqual({ 0: "UNKNOWN_PARENT" });
  const again = await t.reopen();
  expect([again.tip(), again.base(), again.anchored]).toEqual([t.chain.tip(), t.chain.base(), true]);
  expect(again.headerAt(10)?.raw).toEqual(header);
});

Deno.test("setAnchor() refuses what cannot be an anchor", async (t) => {
  const header = mineHeaders(ROOT, 1).headers;
  const good = { height: 10, header, chainwork: 22n };
  const heavy = header.slice();
  heavy.set([0xff, 0xff, 0x00, 0x1d], 72);
  const rows: [name: string, network: "regtest" | "mainnet" | "testnet", anchor: typeof good][] = [
    ["height below 0", "regtest", { ...good, height: -1 }],
    ["half a height", "regtest", { ...good, height: 1.5 }],
    ["79 bytes", "regtest", { ...good, header: header.slice(1) }],
    ["bits of another network", "mainnet", good],
    ["no work", "regtest", { ...good, header: heavy }],
    ["too little chainwork", "regtest", { ...good, chainwork: 1n }],
    ["chainwork of 2^256", "regtest", { ...good, chainwork: 1n << 256n }],
    ["height 0 and not genesis", "regtest", { ...good, height: 0 }],
    ["middle of a period on a testnet", "testnet", {
      ...good,
      height: 10,
      header: genesisOf("testnet"),
      chainwork: 1n << 70n,
    }],
  ];
  for (const [name, network, anchor] of rows) {
    await t.step(name, async () => {
      await using test = await testChain({ network });
      await expect(test.chain.setAnchor(anchor)).rejects.toMatchObject({ code: "INVALID_ANCHOR" });
    });
  }
});

Deno.test("locator() and forkHeight() find where two chains part", async () => {
  await using a = await testChain();
  await using b = await testChain();
  const stem = mineHeaders(ROOT, 100);
  await put(a.chain, stem.headers);
  await put(b.chain, stem.headers);
  await put(a.chain, mineHeaders(stem.tip, 3, { tag: 1 }).headers);
  await put(b.chain, mineHeaders(stem.tip, 50, { tag: 2 }).headers);
  expect(b.chain.forkHeight(a.chain.locator())).toBe(100);
  expect(a.chain.forkHeight(b.chain.locator())).toBeLessThanOrEqual(100);
  expect(a.chain.forkHeight(b.chain.locator())).toBeGreaterThan(60);
  expect(a.chain.locator().length).toBeLessThan(20);
  expect(a.chain.forkHeight([])).toBe(0);
});

Deno.test("batches of many callers are judged one after the other", async () => {
  await using t = await testChain();
  const { headers } = mineHeaders(ROOT, 200);
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => put(t.chain, headers.subarray(i * 800, i * 800 + 800))),
  );
  expect(results.map(({ accepted, tip }) => [accepted, tip.height])).toEqual(
    results.map((_, i) => [10, (i + 1) * 10]),
  );
  const flood = await Promise.allSettled(
    Array.from({ length: 300 }, () => put(t.chain, headers.subarray(0, 80))),
  );
  const busy = flood.filter((result) => result.status === "rejected");
  expect(busy.length).toBe(300 - 256);
  expect(busy[0]?.reason).toMatchObject({ code: "CHAIN_BUSY" });
});
