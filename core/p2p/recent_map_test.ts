import { expect } from "expect";
import { RecentMap } from "./recent_map.ts";

Deno.test("RecentMap keeps what is used and stays bounded", () => {
  const map = new RecentMap<string, number>(100);
  map.set("kept", 1);
  for (let i = 0; i < 10_000; i++) {
    map.set(`k${i}`, i);
    if (i % 20 === 0) expect(map.get("kept")).toBe(1);
    expect(map.size).toBeLessThanOrEqual(100);
  }
  expect(map.get("k0")).toBeUndefined();
  expect(map.get("k9999")).toBe(9_999);
});

Deno.test("RecentMap is bounded by weight, too", () => {
  const map = new RecentMap<string, string[]>(1_000, {
    maxWeight: 1_000,
    weigh: (texts) => texts.join("").length,
  });
  const kept = ["x"];
  map.set("kept", kept, 1);
  for (let i = 0; i < 1_000; i++) {
    map.set(`k${i}`, ["x".repeat(100)], 100);
    if (i % 3 === 0) expect(map.get("kept")).toBe(kept);
    expect(map.size).toBeLessThanOrEqual(12);
  }
  kept.push("x".repeat(1_000));
  map.set("kept", kept, 1_000); // heavier than all together may be: it is old at once
  expect([map.get("kept"), map.get("k999")]).toEqual([kept, undefined]);
});

Deno.test("RecentMap.set() replaces and delete() removes, in either generation", () => {
  const map = new RecentMap<string, number>(4);
  map.set("a", 1);
  map.set("b", 2); // the generation is full: both are old now
  map.set("a", 3);
  expect([map.get("a"), map.get("b"), map.size]).toEqual([3, 2, 2]);
  expect([map.delete("a"), map.delete("a"), map.get("a")]).toEqual([true, false, undefined]);
});
