import { expect } from "expect";
import { type AtomicWrite, GroupCommit, type GroupCommitInit } from "./group_commit.ts";
import type { Mutation } from "./port.ts";
import { prepareGroup } from "./prepare.ts";

/** Records what every atomic write held; the commit of one ends when the test says so. */
class FakeKv {
  /** Values of the commits that were asked for. */
  readonly commits: unknown[][] = [];
  /** What the next commits throw. */
  readonly faults: (Error | undefined)[] = [];
  #gate: Promise<void> = Promise.resolve();

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  begin = (): AtomicWrite => {
    const values: unknown[] = [];
    return {
      set: (_key, value) => {
        if (value === "uncloneable") throw new TypeError("could not be cloned");
        values.push(value);
      },
      delete: () => values.push("deleted"),
      commit: async () => {
        this.commits.push(values);
        const fault = this.faults.shift();
        await this.#gate;
        if (fault) throw fault;
      },
    };
  };
}

const set = (value: unknown, part = 0): Mutation => ({ type: "set", key: ["node", part], value });

function setup(init: Partial<GroupCommitInit> = {}) {
  const kv = new FakeKv();
  const group = new GroupCommit({ begin: kv.begin, ...init });
  return { kv, group, write: (...mutations: Mutation[]) => group.submit(prepareGroup(mutations)) };
}

async function codes(writes: Promise<void>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(writes);
  return outcomes.map((outcome) => outcome.status === "rejected" ? outcome.reason.code : "ok");
}

Deno.test("submit() gathers what waits during a commit", async () => {
  const { kv, write } = setup();
  const release = kv.hold();
  const first = write(set(1));
  while (kv.commits.length === 0) await null;
  const others = [write(set(2)), write(set(3), set(4)), write({ type: "delete", key: ["node"] })];
  release();
  await Promise.all([first, ...others]);
  expect(kv.commits).toEqual([[1], [2, 3, 4, "deleted"]]);
});

Deno.test("submit() acknowledges only after the commit", async () => {
  const { kv, group, write } = setup();
  const release = kv.hold();
  let acknowledged = false;
  const written = write(set(1)).then(() => acknowledged = true);
  while (kv.commits.length === 0) await null;
  for (let i = 0; i < 20; i++) await null;
  expect(acknowledged).toBe(false);
  expect(group.pending).toBe(1);
  release();
  await written;
  await group.flush();
  expect(group.pending).toBe(0);
});

Deno.test("submit() never splits a group, and keeps to the limits of an atomic", async () => {
  const { kv, write } = setup({ atomicLimits: { mutations: 3, bytes: 10_000, keyBytes: 10_000 } });
  await Promise.all([write(set(1), set(2)), write(set(3), set(4)), write(set(5)), write(set(6))]);
  expect(kv.commits).toEqual([[1, 2], [3, 4, 5], [6]]);
});

Deno.test("submit() keeps to the bytes of an atomic", async (t) => {
  for (const limit of [{ bytes: 30, keyBytes: 10_000 }, { bytes: 10_000, keyBytes: 30 }]) {
    await t.step(JSON.stringify(limit), async () => {
      const { kv, write } = setup({ atomicLimits: { mutations: 1_000, ...limit } });
      await Promise.all([write(set(1)), write(set(2)), write(set(3))]);
      expect(kv.commits.length).toBeGreaterThan(1);
      expect(kv.commits.flat()).toEqual([1, 2, 3]);
    });
  }
});

Deno.test("submit() refuses an uncloneable value for its caller alone", async () => {
  const { kv, write } = setup();
  const writes = [write(set(1)), write(set(2), set("uncloneable")), write(set(3)), write(set("uncloneable"))];
  expect(await codes(writes)).toEqual(["ok", "INVALID_VALUE", "ok", "INVALID_VALUE"]);
  expect(kv.commits).toEqual([[1], [3]]); // a batch with half a group in it is written group by group
});

Deno.test("submit() goes on after nothing but a refused value", async () => {
  const { group, write } = setup();
  expect(await codes([write(set("uncloneable"))])).toEqual(["INVALID_VALUE"]);
  await group.flush();
  await write(set(1));
});

Deno.test("a commit that fails through one group's data is written group by group", async () => {
  const { kv, write } = setup();
  kv.faults.push(
    new TypeError("Value too large (max 65536 bytes)"),
    undefined,
    new TypeError("Value too large"),
  );
  expect(await codes([write(set(1)), write(set(2)), write(set(3), set(4))])).toEqual([
    "ok",
    "VALUE_TOO_LARGE",
    "ok",
  ]);
  expect(kv.commits).toEqual([[1, 2, 3, 4], [1], [2], [3, 4]]);
});

Deno.test("a commit that fails through the disk fails for all, and the next one works", async () => {
  const errors: unknown[] = [];
  const { kv, write } = setup({ onCommit: (_count, error) => errors.push(error?.code) });
  kv.faults.push(new TypeError("database or disk is full"));
  expect(await codes([write(set(1)), write(set(2))])).toEqual(["STORE_FULL", "STORE_FULL"]);
  expect(await codes([write(set(3))])).toEqual(["ok"]);
  expect(kv.commits).toEqual([[1, 2], [3]]);
  expect(errors).toEqual(["STORE_FULL", undefined]);
});

Deno.test("submit() says STORE_BUSY when too much waits, and works again", async (t) => {
  for (const queueLimits of [{ mutations: 3, bytes: 10_000 }, { mutations: 1_000, bytes: 100 }]) {
    await t.step(JSON.stringify(queueLimits), async () => {
      const { kv, write } = setup({ queueLimits });
      const release = kv.hold();
      const writes = Array.from({ length: 50 }, () => write(set(1)));
      release();
      const seen = await codes(writes);
      expect(new Set(seen)).toEqual(new Set(["ok", "STORE_BUSY"]));
      expect(await codes([write(set(1))])).toEqual(["ok"]);
    });
  }
});
