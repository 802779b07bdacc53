import { expect } from "expect";
import { chunkedBlobs } from "./chunked.ts";
import { memoryStore } from "./memory_store.ts";
import type { Mutation, Store, StoreKey } from "./port.ts";

const KEY: StoreKey = ["blob", "a"];
const SIZES = [0, 1, 59_999, 60_000, 60_001, 2_000_000];

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
}

async function same(actual: Uint8Array | undefined, expected: Uint8Array): Promise<void> {
  expect(actual?.length).toBe(expected.length);
  const digest = async (bytes: Uint8Array) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  expect(await digest(actual ?? new Uint8Array())).toEqual(await digest(expected));
}

async function count(store: Store): Promise<number> {
  return (await Array.fromAsync(store.list({ prefix: ["blob"] }))).length;
}

/** A store whose `commit` fails from the nth on, as if the process had died. */
function dyingAfter(store: Store, commits: number): Store {
  let left = commits;
  const commit = async (mutations: readonly Mutation[]) => {
    if (left-- <= 0) throw new Error("dead");
    await store.commit(mutations);
  };
  return {
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
    set: (key, value) => commit([{ type: "set", key, value }]),
    delete: (key) => commit([{ type: "delete", key }]),
    commit,
    list: (options) => store.list(options),
    flush: () => store.flush(),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

Deno.test("setBlob() and getBlob() keep bytes of any length", async () => {
  await using store = memoryStore();
  const blobs = chunkedBlobs(store);
  expect(await blobs.getBlob(KEY)).toBeUndefined();
  for (const size of SIZES) {
    await blobs.setBlob(KEY, pattern(size, size));
    await same(await blobs.getBlob(KEY), pattern(size, size));
    expect(await count(store)).toBe(1 + Math.ceil(size / 60_000)); // nothing of the one before
  }
  await blobs.setBlob(["blob", "b"], pattern(10, 1));
  await blobs.deleteBlob(KEY);
  expect(await blobs.getBlob(KEY)).toBeUndefined();
  await same(await blobs.getBlob(["blob", "b"]), pattern(10, 1));
  expect(await count(store)).toBe(2);
});

Deno.test("setBlob() leaves the old or the new blob wherever it dies", async () => {
  const old = pattern(1_500_000, 1);
  const fresh = pattern(1_600_000, 2);
  for (let commits = 0; commits < 6; commits++) {
    await using store = memoryStore();
    await chunkedBlobs(store).setBlob(KEY, old);
    await chunkedBlobs(dyingAfter(store, commits)).setBlob(KEY, fresh).catch(() => {}); // the point: it may die
    const after = await chunkedBlobs(store).getBlob(KEY);
    await same(after, after?.length === fresh.length ? fresh : old);
    await chunkedBlobs(store).setBlob(KEY, pattern(5, 3));
    expect(await count(store)).toBe(2); // the next writer clears up
  }
});

Deno.test("getBlob() is never a mix while writers replace it", async () => {
  await using store = memoryStore();
  const blobs = chunkedBlobs(store);
  await blobs.setBlob(KEY, pattern(200_000, 0));
  const writers = Promise.all([1, 2, 3].map((seed) => blobs.setBlob(KEY, pattern(200_000 + seed, seed))));
  for (let i = 0; i < 5; i++) {
    const bytes = await blobs.getBlob(KEY);
    const seed = (bytes?.length ?? 0) - 200_000;
    await same(bytes, pattern(200_000 + seed, seed));
  }
  await writers;
  await same(await blobs.getBlob(KEY), pattern(200_003, 3));
});

Deno.test("blobs say what is wrong", async () => {
  await using store = memoryStore();
  const blobs = chunkedBlobs(store, { maxBytes: 100 });
  await expect(blobs.setBlob(KEY, new Uint8Array(101))).rejects.toMatchObject({ code: "BLOB_TOO_LARGE" });
  await store.set([...KEY, "head"], "nonsense");
  await expect(blobs.getBlob(KEY)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  await store.set([...KEY, "head"], { generation: "x", bytes: 10, chunks: 1 });
  await expect(blobs.getBlob(KEY)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  await blobs.setBlob(KEY, pattern(10, 1));
  await same(await blobs.getBlob(KEY), pattern(10, 1));
});
