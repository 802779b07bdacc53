import { expect } from "expect";
import { FakeClock } from "./fake_clock.ts";
import { TtlSet } from "./ttl_set.ts";

Deno.test("TtlSet forgets after its time, which adding again does not lengthen", async () => {
  const clock = new FakeClock();
  const set = new TtlSet<string>({ clock, ttlMs: 100, capacity: 10 });
  expect(set.add("a")).toBe(true);
  await clock.advance(60);
  expect(set.add("a")).toBe(false);
  await clock.advance(39);
  expect(set.has("a")).toBe(true);
  await clock.advance(1);
  expect(set.has("a")).toBe(false);
  expect(set.add("a")).toBe(true);
});

Deno.test("TtlSet drops the oldest at its capacity", () => {
  const set = new TtlSet<number>({ clock: new FakeClock(), ttlMs: 1000, capacity: 3 });
  for (let i = 0; i < 10; i++) set.add(i);
  expect(set.size).toBe(3);
  expect([6, 7, 8, 9].map((value) => set.has(value))).toEqual([false, true, true, true]);
});

Deno.test("TtlSet clears what has expired when something is added", async () => {
  const clock = new FakeClock();
  const set = new TtlSet<number>({ clock, ttlMs: 100, capacity: 100 });
  for (let i = 0; i < 50; i++) set.add(i);
  await clock.advance(200);
  set.add(99);
  expect(set.size).toBe(1);
  expect(set.delete(99)).toBe(true);
  expect(set.delete(99)).toBe(false);
});

Deno.test("TtlSet does not notice a jump of the wall clock", () => {
  const clock = new FakeClock();
  const set = new TtlSet<string>({ clock, ttlMs: 100, capacity: 10 });
  set.add("a");
  clock.jump(3_600_000);
  expect(set.has("a")).toBe(true);
});

Deno.test("TtlSet keeps its order through deleting and adding anew", () => {
  const set = new TtlSet<number>({ clock: new FakeClock(), ttlMs: 1000, capacity: 3 });
  for (let i = 0; i < 1000; i++) {
    set.add(0);
    set.delete(0);
  }
  for (const value of [1, 2, 0, 1]) set.add(value);
  set.delete(1);
  set.add(1); // now the youngest
  set.add(4);
  expect([0, 1, 2, 4].map((value) => set.has(value))).toEqual([true, true, false, true]);
});
