import { expect } from "expect";
import { FakeClock } from "./fake_clock.ts";

Deno.test("FakeClock fires timers in the order of their time", async () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(30, () => seen.push(`c@${clock.now()}`));
  clock.after(10, () => seen.push(`a@${clock.now()}`));
  using every = clock.every(20, () => seen.push(`b@${clock.now()}`));
  await clock.advance(60);
  expect(seen).toEqual(["a@10", "b@20", "c@30", "b@40", "b@60"]);
  expect(every.active).toBe(true);
  expect(clock.pending).toBe(1);
});

Deno.test("FakeClock runs a timer that a timer sets, within the same advance", async () => {
  const clock = new FakeClock(0);
  const seen: number[] = [];
  clock.after(10, () => void clock.after(5, () => seen.push(clock.now())));
  await clock.advance(15);
  expect(seen).toEqual([15]);
});

Deno.test("FakeClock does not fire a disposed timer", async () => {
  const clock = new FakeClock();
  const timer = clock.after(10, () => {
    throw new Error("fired");
  });
  timer[Symbol.dispose]();
  timer[Symbol.dispose]();
  expect(timer.active).toBe(false);
  await clock.advance(100);
});

Deno.test("FakeClock.jump() moves the wall clock alone", async () => {
  const clock = new FakeClock(1_000);
  let fired = false;
  clock.after(10, () => fired = true);
  const before = clock.monotonic();
  clock.jump(-500);
  expect(clock.now()).toBe(500);
  expect(clock.monotonic()).toBe(before);
  await clock.advance(9);
  expect(fired).toBe(false);
  await clock.advance(1);
  expect(fired).toBe(true);
  expect(clock.now()).toBe(510);
});
