import { expect } from "expect";
import { seededRandom } from "../base/mod.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { openKvStore } from "./kv_store.ts";
import { memoryStore } from "./memory_store.ts";
import { namespacedStore, type NamespaceOptions } from "./namespace.ts";
import { entrySize } from "./namespace_usage.ts";
import type { Store } from "./port.ts";

const PREFIX = ["module", "hello"];
const WIDE: NamespaceOptions = { quotaBytes: 10_000_000, quotaKeys: 10_000 };

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

/** What is really there, counted. */
async function counted(store: Store): Promise<{ bytes: number; keys: number }> {
  let bytes = 0;
  let keys = 0;
  for await (const { key, value } of store.list({ prefix: [...PREFIX, "data"] })) {
    bytes += entrySize(key.slice(PREFIX.length + 1), value);
    keys++;
  }
  return { bytes, keys };
}

Deno.test("a namespace reads and writes its own prefix only", async () => {
  await using store = memoryStore();
  await store.set(["module", "other", "data", "a"], "theirs");
  const mine = namespacedStore(store, PREFIX, WIDE);
  const key = ["a", 1, 2n, true, new Uint8Array([3])];
  await mine.set(key, { x: 1 });
  await mine.set(["a"], 2);
  expect(await mine.get(key)).toEqual({ x: 1 });
  expect(await mine.list({})).toEqual([{ key: ["a"], value: 2 }, { key, value: { x: 1 } }]);
  expect(await mine.list({ prefix: ["a"] })).toEqual([{ key, value: { x: 1 } }]);
  expect(await mine.list({ prefix: ["a"], start: ["a", 2] })).toEqual([]);
  await mine.delete(key);
  expect(await mine.get(key)).toBeUndefined();
  await mine.clear();
  expect(await mine.list({})).toEqual([]);
  expect(await mine.usage()).toEqual({ bytes: 0, keys: 0 });
  expect(await store.get(["module", "other", "data", "a"])).toBe("theirs");
});

Deno.test("a namespace refuses bad parameters", async (t) => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, WIDE);
  const rows: { name: string; work: () => Promise<unknown>; code: string }[] = [
    { name: "no array", work: () => mine.get("a"), code: "INVALID_PARAMS" },
    { name: "empty key", work: () => mine.set([], 1), code: "INVALID_PARAMS" },
    { name: "nine parts", work: () => mine.get([1, 2, 3, 4, 5, 6, 7, 8, 9]), code: "INVALID_PARAMS" },
    { name: "null part", work: () => mine.delete([null]), code: "INVALID_PARAMS" },
    { name: "object part", work: () => mine.get([{}]), code: "INVALID_PARAMS" },
    { name: "hole", work: () => mine.get(Array(1)), code: "INVALID_PARAMS" },
    { name: "long key", work: () => mine.get(["x".repeat(2_000)]), code: "INVALID_PARAMS" },
    { name: "half a surrogate", work: () => mine.set(["\ud800"], 1), code: "INVALID_PARAMS" },
    { name: "undefined value", work: () => mine.set(["a"], undefined), code: "INVALID_VALUE" },
    { name: "large value", work: () => mine.set(["a"], new Uint8Array(70_000)), code: "VALUE_TOO_LARGE" },
    { name: "limit 0", work: () => mine.list({ limit: 0 }), code: "INVALID_PARAMS" },
    { name: "limit 1,001", work: () => mine.list({ limit: 1_001 }), code: "INVALID_PARAMS" },
    { name: "limit as text", work: () => mine.list({ limit: "5" }), code: "INVALID_PARAMS" },
    { name: "reverse as text", work: () => mine.list({ reverse: "yes" }), code: "INVALID_PARAMS" },
    { name: "no options", work: () => mine.list(null), code: "INVALID_PARAMS" },
    {
      name: "start outside",
      work: () => mine.list({ prefix: ["a"], start: ["b", 1] }),
      code: "INVALID_PARAMS",
    },
    { name: "no atomic", work: () => mine.atomic(1), code: "INVALID_PARAMS" },
    {
      name: "unknown mutation",
      work: () => mine.atomic({ mutations: [{ type: "sum", key: ["a"] }] }),
      code: "INVALID_PARAMS",
    },
    {
      name: "too many mutations",
      work: () => mine.atomic({ mutations: Array(401) }),
      code: "INVALID_PARAMS",
    },
    { name: "too many checks", work: () => mine.atomic({ checks: Array(101) }), code: "INVALID_PARAMS" },
  ];
  for (const { name, work, code } of rows) {
    await t.step(name, async () => expect(await codeOf(work())).toBe(code));
  }
  expect(await counted(store)).toEqual({ bytes: 0, keys: 0 });
});

Deno.test("atomic() writes only when every check holds", async () => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, WIDE);
  const increment = async (): Promise<void> => {
    for (;;) {
      const value = await mine.get(["n"]) as number | undefined;
      const request = {
        checks: [{ key: ["n"], value: value ?? null }],
        mutations: [{ type: "set", key: ["n"], value: (value ?? 0) + 1 }],
      };
      if (await mine.atomic(request)) return;
    }
  };
  await Promise.all(Array.from({ length: 20 }, increment));
  expect(await mine.get(["n"])).toBe(20);
  const mutations = [{ type: "delete", key: ["n"] }, { type: "set", key: ["m"], value: 1 }];
  const checks = [{ key: ["n"], value: 20 }, { key: ["m"], value: 5 }];
  expect(await mine.atomic({ checks, mutations })).toBe(false);
  expect(await mine.atomic({ checks: [{ key: ["n"], value: 20 }, { key: ["m"], value: null }], mutations }))
    .toBe(true);
  expect(await mine.list({})).toEqual([{ key: ["m"], value: 1 }]);
  expect(await mine.atomic({ checks: [{ key: ["m"], value: 1 }] })).toBe(true);
});

Deno.test("a namespace keeps to its quota and says how much there is", async () => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, { quotaBytes: 3_000, quotaKeys: 3 });
  await mine.set(["a"], new Uint8Array(1_000));
  await mine.set(["b"], new Uint8Array(1_000));
  const usage = await mine.usage();
  expect(await codeOf(mine.set(["c"], new Uint8Array(1_000)))).toBe("QUOTA_EXCEEDED");
  expect(await mine.usage()).toEqual(usage);
  await mine.set(["a"], new Uint8Array(100)); // smaller is always allowed
  await mine.set(["c"], new Uint8Array(1_000));
  expect(await codeOf(mine.set(["d"], 1))).toBe("QUOTA_EXCEEDED");
  const swap = { mutations: [{ type: "delete", key: ["a"] }, { type: "set", key: ["d"], value: 1 }] };
  expect(await mine.atomic(swap)).toBe(true);
  expect(await mine.usage()).toEqual(await counted(store));
  const outcomes = await Promise.all(["x", "b", "y"].map((key) => codeOf(mine.set([key], 2))));
  expect(outcomes).toEqual(["QUOTA_EXCEEDED", "none", "QUOTA_EXCEEDED"]);
});

Deno.test("a namespace's usage is what is there, also after a restart", async () => {
  await using dir = await tempDir();
  const random = seededRandom(7);
  const pick = (n: number) => Math.floor(random.number() * n);
  for (let start = 0; start < 3; start++) {
    await using store = await openKvStore({ path: dir.file("node.kv") });
    const mine = namespacedStore(store, PREFIX, { quotaBytes: 100_000, quotaKeys: 150 });
    const codes = await Promise.all(Array.from({ length: 1_000 }, () => {
      const key = ["k", pick(200)];
      if (pick(4) === 0) return codeOf(mine.delete(key));
      return codeOf(
        mine.set(key, pick(2) === 0 ? new Uint8Array(pick(2_000)) : { text: "x".repeat(pick(500)) }),
      );
    }));
    expect(new Set(codes)).toEqual(new Set(["none", "QUOTA_EXCEEDED"]));
    expect(await mine.usage()).toEqual(await counted(store));
    expect(await store.get([...PREFIX, "usage"])).toEqual(await counted(store));
  }
});

Deno.test("a namespace counts again when its counters are gone", async () => {
  await using store = memoryStore();
  await namespacedStore(store, PREFIX, WIDE).set(["a"], 1);
  const expected = await counted(store);
  await store.delete([...PREFIX, "usage"]);
  expect(await namespacedStore(store, PREFIX, WIDE).usage()).toEqual(expected);
});

Deno.test("one bad atomic among many fails alone", async () => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, WIDE);
  const uncloneable = { get: () => 1 };
  const codes = await Promise.all([
    codeOf(mine.set(["a"], 1)),
    codeOf(
      mine.atomic({
        mutations: [{ type: "set", key: ["b"], value: 1 }, { type: "set", key: ["c"], value: uncloneable }],
      }),
    ),
    codeOf(mine.set(["d"], 1)),
  ]);
  expect(codes).toEqual(["none", "INVALID_VALUE", "none"]);
  expect((await mine.list({})).map(({ key }) => key[0])).toEqual(["a", "d"]);
  expect(await mine.usage()).toEqual(await counted(store));
});

Deno.test("list() stops at its bytes", async () => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, { ...WIDE, maxListBytes: 100_000 });
  for (let i = 0; i < 3; i++) await mine.set([i], new Uint8Array(40_000));
  expect(await codeOf(mine.list({}))).toBe("RESULT_TOO_LARGE");
  expect((await mine.list({ limit: 2, reverse: true })).map(({ key }) => key[0])).toEqual([2, 1]);
});

Deno.test("clear() empties a large namespace", async () => {
  await using store = memoryStore();
  const mine = namespacedStore(store, PREFIX, WIDE);
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => mine.set([i], i)));
  expect((await mine.usage()).keys).toBe(1_000);
  const last = mine.set(["last"], 1);
  await mine.clear();
  await last;
  expect(await mine.usage()).toEqual({ bytes: 0, keys: 0 });
  expect(await counted(store)).toEqual({ bytes: 0, keys: 0 });
});
