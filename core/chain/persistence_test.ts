import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import { memoryStore, openKvStore, type Store, storeKey } from "../store/mod.ts";
import { mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { genesisOf, testChain } from "./_fixture.ts";
import { CHUNK_HEADERS } from "./log_chunk.ts";

const ROOT = tipOf(genesisOf("regtest"));
const chunkKey = (index: number) => storeKey("chain", "log", index);

const STORES: readonly { name: string; open(path: string): Promise<Store> }[] = [
  { name: "openKvStore()", open: (path) => openKvStore({ path }) },
  { name: "memoryStore()", open: () => Promise.resolve(memoryStore()) },
];

for (const { name, open } of STORES) {
  Deno.test(`a chain on ${name} is there again after it was opened anew`, async () => {
    await using dir = await tempDir();
    await using t = await testChain({ store: await open(dir.file("node.kv")) });
    const main = mineHeaders(ROOT, 2_500);
    const branch = mineHeaders(tipOf(main.headers.subarray(2_399 * 80, 2_400 * 80)), 50, { tag: 1 });
    const more = mineHeaders(main.tip, 1_000);
    for (
      const part of [main.headers.subarray(0, 80 * 767), main.headers.subarray(80 * 767), branch.headers]
    ) {
      await t.chain.accept(part, { lowWork: "store" });
    }
    // sizes around the edges of a chunk, which slot 0 shifts by one
    for (let at = 0, step = 1; at < 1_000; at += step, step = step % 7 + 1) {
      await t.chain.accept(more.headers.subarray(at * 80, (at + step) * 80));
      if (at % 90 === 0) expect((await t.reopen()).tip()).toEqual(t.chain.tip());
    }
    const again = await t.reopen();
    expect(again.tip()).toMatchObject({
      height: 3_500,
      chainwork: (3_501 * 2).toString(16).padStart(64, "0"),
    });
    expect(again.stats()).toEqual({ ...t.chain.stats(), reorgs: 0 });
    expect(again.staleTips()).toEqual(t.chain.staleTips());
    expect(again.range(0, 5_000)).toEqual(t.chain.range(0, 5_000));
    for (const height of [0, 1, 511, 512, 767, 768, 769, 2_048, 3_500]) {
      expect(again.headerAt(height)).toEqual(t.chain.headerAt(height));
    }
    const next = mineHeaders(more.tip, 3);
    expect((await again.accept(next.headers)).tip.height).toBe(3_503);
  });
}

Deno.test("openHeaderChain() refuses the store of another network", async () => {
  await using t = await testChain();
  await expect(testChain({ store: t.store, network: "signet" })).rejects.toMatchObject({
    code: "CHAIN_WRONG_NETWORK",
  });
});

Deno.test("openHeaderChain() begins at its anchor only when nothing is there", async () => {
  const first = mineHeaders(ROOT, 4);
  const anchor = { height: 4, header: first.headers.slice(240), chainwork: 10n };
  await using t = await testChain({ anchor });
  expect(t.chain.tip()).toMatchObject({ height: 4, chainwork: "a".padStart(64, "0") });
  await using plain = await testChain();
  await using other = await testChain({ store: plain.store, anchor });
  expect(other.chain.tip().height).toBe(0);
});

Deno.test("damaged chunks are left out, and the chain goes on before them", async (t) => {
  const main = mineHeaders(ROOT, CHUNK_HEADERS * 3);
  const flipped = (chunk: Uint8Array, at: number) => {
    const copy = chunk.slice();
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const rows: [name: string, chunk: number, damage: (chunk: Uint8Array) => unknown, height: number][] = [
    ["a bit of a header", 1, (chunk) => flipped(chunk, 5_000), CHUNK_HEADERS - 1],
    ["a bit of a parent", 2, (chunk) => flipped(chunk, chunk.length - 1), CHUNK_HEADERS * 2 - 1],
    ["the checksum", 1, (chunk) => flipped(chunk, 12), CHUNK_HEADERS - 1],
    ["the magic", 3, (chunk) => flipped(chunk, 0), CHUNK_HEADERS * 3 - 1],
    ["the count", 1, (chunk) => flipped(chunk, 8), CHUNK_HEADERS - 1],
    ["the end", 1, (chunk) => chunk.slice(0, -4), CHUNK_HEADERS - 1],
    ["everything", 1, () => "nothing", CHUNK_HEADERS - 1],
    ["the first chunk", 0, (chunk) => flipped(chunk, 100), 0],
    ["a missing chunk", 1, () => undefined, CHUNK_HEADERS - 1],
  ];
  for (const [name, index, damage, height] of rows) {
    await t.step(name, async () => {
      await using test = await testChain();
      await test.chain.accept(main.headers, { lowWork: "store" });
      const value = damage(await test.store.get<Uint8Array>(chunkKey(index)) ?? new Uint8Array(0));
      if (value === undefined) await test.store.delete(chunkKey(index));
      else await test.store.set(chunkKey(index), value);
      const again = await test.reopen();
      expect(again.tip().height).toBe(height);
      expect(again.stats().damagedChunks).toBeGreaterThan(0);
      expect((await again.accept(main.headers, { lowWork: "store" })).tip.height).toBe(CHUNK_HEADERS * 3);
      const third = await test.reopen();
      expect([third.tip(), third.stats().damagedChunks]).toEqual([again.tip(), 0]);
    });
  }
});

Deno.test("a beginning that cannot be read is an error, not a new chain", async () => {
  await using t = await testChain();
  await t.store.set(storeKey("chain", "base"), { network: "regtest" });
  await expect(t.reopen()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
});

Deno.test("accept() that cannot write says so, announces nothing, and writes the next time", async () => {
  const inner = memoryStore();
  let full = false;
  const store: Store = {
    get: (key) => inner.get(key),
    getMany: (keys) => inner.getMany(keys),
    set: (key, value) => inner.set(key, value),
    delete: (key) => inner.delete(key),
    commit: (mutations) =>
      full ? Promise.reject(new CommonsError("STORE_FULL", "Cannot write: full")) : inner.commit(mutations),
    list: (options) => inner.list(options),
    flush: () => inner.flush(),
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  };
  await using t = await testChain({ store });
  const { headers } = mineHeaders(ROOT, 3);
  full = true;
  await expect(t.chain.accept(headers)).rejects.toMatchObject({ code: "STORE_FULL" });
  expect(t.seen()).toEqual([]);
  expect((await t.reopen()).tip().height).toBe(0);
  full = false;
  expect(await t.chain.accept(headers)).toMatchObject({ accepted: 0, duplicate: 3 });
  expect(t.seen()).toEqual(["NewBlock", "NewBlock", "NewBlock", "ChainTipUpdated"]);
  expect((await t.reopen()).tip().height).toBe(3);
});
