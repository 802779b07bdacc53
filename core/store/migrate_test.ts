import { expect } from "expect";
import { memoryStore } from "./memory_store.ts";
import { migrate, type MigrationStep } from "./migrate.ts";

const STEPS: readonly MigrationStep[] = [
  { version: 1, title: "first", up: () => Promise.resolve([{ type: "set", key: ["node", "a"], value: 1 }]) },
  { version: 2, title: "second", up: async (store) => void await store.set(["node", "b"], 2) },
];

Deno.test("migrate() runs the missing steps once, in order", async () => {
  await using store = memoryStore();
  expect(await migrate(store, STEPS.slice(0, 1))).toEqual({ from: 0, to: 1 });
  expect(await store.getMany([["node", "a"], ["node", "b"]])).toEqual([1, undefined]);
  await store.delete(["node", "a"]);
  expect(await migrate(store, STEPS)).toEqual({ from: 1, to: 2 });
  expect(await migrate(store, STEPS)).toEqual({ from: 2, to: 2 });
  expect(await store.getMany([["node", "a"], ["node", "b"]])).toEqual([undefined, 2]);
});

Deno.test("migrate() refuses a newer store and one that it cannot read", async (t) => {
  const rows = [
    { found: { version: 3 }, code: "STORE_TOO_NEW" },
    { found: "three", code: "STORE_CORRUPT" },
    { found: { version: -1 }, code: "STORE_CORRUPT" },
    { found: { version: 1.5 }, code: "STORE_CORRUPT" },
  ];
  for (const { found, code } of rows) {
    await t.step(JSON.stringify(found), async () => {
      await using store = memoryStore();
      await store.set(["meta", "schema"], found);
      await expect(migrate(store, STEPS)).rejects.toMatchObject({ code });
      expect(await store.get(["meta", "schema"])).toEqual(found);
    });
  }
});

Deno.test("migrate() stays at the last good version when a step fails", async () => {
  await using store = memoryStore();
  const broken: MigrationStep = { version: 2, title: "broken", up: () => Promise.reject(new Error("no")) };
  await expect(migrate(store, [...STEPS.slice(0, 1), broken])).rejects.toThrow("no");
  expect(await migrate(store, STEPS)).toEqual({ from: 1, to: 2 });
  await expect(migrate(store, STEPS.slice(1))).rejects.toThrow(RangeError);
});
