import { expect } from "expect";
import type { KeyPart, Store, StoreKey } from "../../core/store/mod.ts";

/** One thing that every store does the same way. */
export interface StoreCase {
  readonly name: string;
  run(store: Store): Promise<void>;
}

async function keysOf(store: Store, options: Parameters<Store["list"]>[0]): Promise<StoreKey[]> {
  const keys: StoreKey[] = [];
  for await (const entry of store.list(options)) keys.push(entry.key);
  return keys;
}

async function lastParts(store: Store, options: Parameters<Store["list"]>[0]): Promise<unknown[]> {
  return (await keysOf(store, options)).map((key) => key.at(-1));
}

async function codeOf(work: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  1.5,
  NaN,
  "text \u{1f600}",
  123456789012345678901234567890n,
  new Uint8Array([0, 1, 255]),
  [1, [2, { three: "3" }]],
  { a: { b: undefined, c: new Uint8Array([9]) } },
  new Date(1_700_000_000_000),
  new Map([["k", new Set([1, 2])]]),
  new Float64Array([0.5, 1]),
];

/** In the order in which keys must be listed. */
const ORDERED: readonly KeyPart[] = [
  new Uint8Array([]),
  new Uint8Array([0, 0]),
  new Uint8Array([1]),
  "",
  "\0",
  "a",
  "aa",
  "b",
  "é",
  "\uffff",
  "\u{1f600}",
  -(2n ** 80n),
  -(2n ** 70n),
  -256n,
  -255n,
  -5n,
  0n,
  5n,
  255n,
  256n,
  2n ** 64n - 1n,
  2n ** 70n,
  -Infinity,
  -1,
  -0,
  0,
  1,
  1.5,
  Infinity,
  NaN,
  false,
  true,
];

const BAD_WRITES: readonly { name: string; key: StoreKey; value: unknown; code: string }[] = [
  { name: "empty key", key: [], value: 1, code: "INVALID_KEY" },
  { name: "half a surrogate in a key", key: ["node", "\ud800"], value: 1, code: "INVALID_KEY" },
  { name: "part of another type", key: ["node", null as unknown as string], value: 1, code: "INVALID_KEY" },
  { name: "enormous bigint part", key: ["node", 2n ** 2100n], value: 1, code: "INVALID_KEY" },
  { name: "key of 2,049 bytes", key: ["a".repeat(2047)], value: 1, code: "KEY_TOO_LARGE" },
  { name: "key of zeroes", key: ["\0".repeat(1024)], value: 1, code: "KEY_TOO_LARGE" },
  { name: "undefined", key: ["node", "k"], value: undefined, code: "INVALID_VALUE" },
  { name: "function", key: ["node", "k"], value: () => 1, code: "INVALID_VALUE" },
  { name: "function inside", key: ["node", "k"], value: { a: [() => 1] }, code: "INVALID_VALUE" },
  { name: "symbol", key: ["node", "k"], value: Symbol("s"), code: "INVALID_VALUE" },
  { name: "KvU64", key: ["node", "k"], value: new Deno.KvU64(1n), code: "INVALID_VALUE" },
  {
    name: "getter that throws",
    key: ["node", "k"],
    value: Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    }),
    code: "INVALID_VALUE",
  },
  { name: "65,537 bytes", key: ["node", "k"], value: new Uint8Array(65_537), code: "VALUE_TOO_LARGE" },
  { name: "70,000 characters", key: ["node", "k"], value: "x".repeat(70_000), code: "VALUE_TOO_LARGE" },
  {
    name: "33,000 wide characters",
    key: ["node", "k"],
    value: "\u4e00".repeat(33_000),
    code: "VALUE_TOO_LARGE",
  },
  { name: "bytes inside", key: ["node", "k"], value: { b: new Uint8Array(65_536) }, code: "VALUE_TOO_LARGE" },
  {
    name: "many members",
    key: ["node", "k"],
    value: Array.from({ length: 20_000 }, (_, i) => "n" + i),
    code: "VALUE_TOO_LARGE",
  },
];

const GOOD_WRITES: readonly { name: string; key: StoreKey; value: unknown }[] = [
  { name: "key of 2,048 bytes", key: ["a".repeat(2046)], value: 1 },
  { name: "65,536 bytes", key: ["node", "k"], value: new Uint8Array(65_536) },
  { name: "65,000 characters", key: ["node", "k"], value: "x".repeat(65_000) },
  { name: "32,000 wide characters", key: ["node", "k"], value: "\u4e00".repeat(32_000) },
  { name: "20,000 small numbers", key: ["node", "k"], value: Array.from({ length: 20_000 }, () => 1) },
];

export const STORE_CASES: readonly StoreCase[] = [
  {
    name: "get() answers what set() stored, and undefined for what is not there",
    async run(store) {
      for (const value of VALUES) {
        await store.set(["node", "v"], value);
        expect(await store.get(["node", "v"])).toEqual(value);
      }
      expect(await store.get(["node", "other"])).toBeUndefined();
      await store.delete(["node", "v"]);
      await store.delete(["node", "v"]);
      expect(await store.get(["node", "v"])).toBeUndefined();
    },
  },
  {
    name: "values are copies, captured at the call",
    async run(store) {
      const value = { list: [1] };
      const written = store.set(["node", "v"], value);
      value.list.push(2);
      await written;
      expect(await store.get(["node", "v"])).toEqual({ list: [1] });
      const read = await store.get<{ list: number[] }>(["node", "v"]);
      read?.list.push(3);
      expect(await store.get(["node", "v"])).toEqual({ list: [1] });
    },
  },
  {
    name: "views on a larger buffer are stored as what they show",
    async run(store) {
      const large = new Uint8Array(1_000_000).fill(7);
      await store.set(["node", "top"], large.subarray(0, 3));
      await store.set(["node", "inside"], {
        a: [large.subarray(10, 12)],
        w: new Uint16Array(large.buffer, 0, 1),
      });
      expect(await store.get(["node", "top"])).toEqual(new Uint8Array([7, 7, 7]));
      const inside = await store.get<{ a: Uint8Array[]; w: Uint16Array }>(["node", "inside"]);
      expect(inside).toEqual({ a: [new Uint8Array([7, 7])], w: new Uint16Array([0x0707]) });
      expect(inside?.a[0]?.buffer.byteLength).toBe(2);
    },
  },
  {
    name: "getMany() keeps the order of many keys",
    async run(store) {
      await store.commit([1, 3, 25].map((i) => ({ type: "set", key: ["node", i], value: i * 10 })));
      const keys = Array.from({ length: 30 }, (_, i) => ["node", i]);
      const values = await store.getMany<number>(keys);
      expect(values.length).toBe(30);
      expect(values.map((value, i) => [i, value]).filter(([, value]) => value !== undefined)).toEqual([
        [1, 10],
        [3, 30],
        [25, 250],
      ]);
      expect(await store.getMany([])).toEqual([]);
    },
  },
  {
    name: "list() is in key order, both ways",
    async run(store) {
      const shuffled = ORDERED.map((part, i) => ({ part, at: (i * 7) % ORDERED.length }))
        .sort((a, b) => a.at - b.at);
      await store.commit(shuffled.map(({ part }) => ({ type: "set", key: ["node", part], value: 1 })));
      expect(await lastParts(store, { prefix: ["node"] })).toEqual([...ORDERED]);
      expect(await lastParts(store, { prefix: ["node"], reverse: true })).toEqual([...ORDERED].reverse());
    },
  },
  {
    name: "list() minds prefix, start, end and limit",
    async run(store) {
      await store.commit([
        ...Array.from({ length: 10 }, (_, i) => ({ type: "set" as const, key: ["node", "n", i], value: i })),
        { type: "set", key: ["node", "n"], value: "the prefix itself is not inside it" },
        { type: "set", key: ["node", "nn", 1], value: "another prefix" },
        { type: "set", key: ["node", "n\0", 1], value: "another prefix" },
      ]);
      const prefix = ["node", "n"];
      expect(await lastParts(store, { prefix })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await lastParts(store, { prefix, limit: 2 })).toEqual([0, 1]);
      expect(await lastParts(store, { prefix, limit: 0 })).toEqual([]);
      expect(await lastParts(store, { prefix, limit: 3, reverse: true })).toEqual([9, 8, 7]);
      expect(await lastParts(store, { prefix, start: [...prefix, 7] })).toEqual([7, 8, 9]);
      expect(await lastParts(store, { prefix, end: [...prefix, 3] })).toEqual([0, 1, 2]);
      expect(await lastParts(store, { prefix, start: [...prefix, 2], end: [...prefix, 4] })).toEqual([2, 3]);
      expect(await lastParts(store, { prefix, start: [...prefix, 4], end: [...prefix, 2] })).toEqual([]);
      expect(await lastParts(store, { prefix: ["node", "none"] })).toEqual([]);
      expect((await keysOf(store, { prefix: [] })).length).toBe(13);
      expect(await codeOf(keysOf(store, { prefix, start: ["node", "m"] }))).toBe("INVALID_KEY");
      expect(await codeOf(keysOf(store, { prefix, end: ["node", "o"] }))).toBe("INVALID_KEY");
      expect(await codeOf(keysOf(store, { prefix, limit: -1 }))).toBe("INVALID_PARAMS");
      expect(await codeOf(keysOf(store, { prefix, limit: 1.5 }))).toBe("INVALID_PARAMS");
    },
  },
  {
    name: "list() goes on over many steps",
    async run(store) {
      for (let i = 0; i < 3; i++) {
        await store.commit(
          Array.from({ length: 500 }, (_, j) => ({ type: "set", key: ["node", i * 500 + j], value: j })),
        );
      }
      const expected = Array.from({ length: 1500 }, (_, i) => i);
      expect(await lastParts(store, { prefix: ["node"] })).toEqual(expected);
      expect(await lastParts(store, { prefix: ["node"], limit: 1200 })).toEqual(expected.slice(0, 1200));
    },
  },
  {
    name: "a bad write is refused by its own code and changes nothing",
    async run(store) {
      for (const { name, key, value, code } of BAD_WRITES) {
        expect([name, await codeOf(store.set(key, value))]).toEqual([name, code]);
      }
      expect(await keysOf(store, { prefix: [] })).toEqual([]);
      expect(await codeOf(store.get([]))).toBe("INVALID_KEY");
      expect(await codeOf(store.get(["a".repeat(3000)]))).toBe("KEY_TOO_LARGE");
    },
  },
  {
    name: "a write at the limit is stored",
    async run(store) {
      for (const { name, key, value } of GOOD_WRITES) {
        expect([name, await codeOf(store.set(key, value))]).toEqual([name, "none"]);
        expect(await store.get(key)).toEqual(value);
      }
    },
  },
  {
    name: "a commit is all or none, in order",
    async run(store) {
      await store.commit([
        { type: "set", key: ["node", "a"], value: 1 },
        { type: "set", key: ["node", "a"], value: 2 },
        { type: "set", key: ["node", "b"], value: 1 },
        { type: "delete", key: ["node", "b"] },
      ]);
      expect(await store.getMany([["node", "a"], ["node", "b"]])).toEqual([2, undefined]);
      const bad = store.commit([
        { type: "set", key: ["node", "a"], value: 3 },
        { type: "set", key: ["node", "b"], value: new Uint8Array(70_000) },
      ]);
      expect(await codeOf(bad)).toBe("VALUE_TOO_LARGE");
      const uncloneable = store.commit([
        { type: "set", key: ["node", "a"], value: 3 },
        { type: "set", key: ["node", "b"], value: () => {} },
      ]);
      expect(await codeOf(uncloneable)).toBe("INVALID_VALUE");
      expect(await store.get(["node", "a"])).toBe(2);
      await store.commit([]);
    },
  },
  {
    name: "a commit has limits",
    async run(store) {
      const sets = (count: number, key: (i: number) => StoreKey, value: unknown) =>
        Array.from({ length: count }, (_, i) => ({ type: "set" as const, key: key(i), value }));
      const plain = (i: number) => ["node", i];
      expect(await codeOf(store.commit(sets(501, plain, 1)))).toBe("COMMIT_TOO_LARGE");
      expect(await codeOf(store.commit(sets(13, plain, new Uint8Array(60_000))))).toBe("COMMIT_TOO_LARGE");
      expect(await codeOf(store.commit(sets(50, (i) => ["node", "k".repeat(1700), i], 1)))).toBe(
        "COMMIT_TOO_LARGE",
      );
      expect(await keysOf(store, { prefix: [] })).toEqual([]);
      await store.commit(sets(500, plain, 1));
      await store.commit(sets(12, plain, new Uint8Array(60_000)));
      await store.commit(sets(40, (i) => ["node", "k".repeat(1900), i], 1));
      expect((await keysOf(store, { prefix: ["node"] })).length).toBe(540);
    },
  },
  {
    name: "writes of one key keep their order among many others",
    async run(store) {
      const writes: Promise<void>[] = [];
      for (let i = 0; i < 3000; i++) {
        writes.push(i % 3 === 2 ? store.delete(["node", i % 7]) : store.set(["node", i % 7], i));
      }
      const expected = new Map<number, number | undefined>();
      for (let i = 0; i < 3000; i++) expected.set(i % 7, i % 3 === 2 ? undefined : i);
      await Promise.all(writes);
      for (const [part, value] of expected) expect(await store.get(["node", part])).toBe(value);
    },
  },
  {
    name: "one caller's bad value among many fails alone",
    async run(store) {
      const outcomes = await Promise.allSettled(Array.from({ length: 300 }, (_, i) => {
        if (i % 100 === 50) return store.set(["node", i], () => i);
        if (i % 100 === 60) {
          return store.commit([
            { type: "set", key: ["node", i], value: i },
            { type: "set", key: ["node", i, "x"], value: Symbol() },
          ]);
        }
        return i % 2 === 0 ? store.set(["node", i], i) : store.commit([
          { type: "set", key: ["node", i], value: i },
          { type: "set", key: ["node", i, "second"], value: i },
        ]);
      }));
      const failed = outcomes.flatMap(({ status }, i) => status === "rejected" ? [i] : []);
      expect(failed).toEqual([50, 60, 150, 160, 250, 260]);
      expect(await store.get(["node", 60])).toBeUndefined();
      expect(await store.get(["node", 61])).toBe(61);
      expect(await store.get(["node", 299, "second"])).toBe(299);
    },
  },
  {
    name: "flush() waits for what was asked for, and never rejects",
    async run(store) {
      const good = store.set(["node", "a"], 1);
      const bad = codeOf(store.set(["node", "b"], () => {}));
      await store.flush();
      expect(await store.get(["node", "a"])).toBe(1);
      await good;
      expect(await bad).toBe("INVALID_VALUE");
      await store.flush();
    },
  },
  {
    name: "close() flushes, is idempotent, and ends everything",
    async run(store) {
      const written = store.set(["node", "a"], 1);
      const listing = store.list({ prefix: ["node"] })[Symbol.asyncIterator]();
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await written;
      for (
        const work of [
          store.get(["node", "a"]),
          store.getMany([["node", "a"]]),
          store.set(["node", "a"], 2),
          store.delete(["node", "a"]),
          store.commit([{ type: "set", key: ["node", "a"], value: 2 }]),
          listing.next(),
        ]
      ) expect(await codeOf(work)).toBe("STORE_CLOSED");
      await store.flush();
    },
  },
];
