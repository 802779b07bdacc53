import { expect } from "expect";
import { FakeClock } from "./fake_clock.ts";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("TokenBucket allows a burst, then its rate", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 10, burst: 3 });
  expect([1, 1, 1, 1].map(() => bucket.take())).toEqual([true, true, true, false]);
  await clock.advance(100);
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  await clock.advance(60_000);
  expect([1, 1, 1, 1].map(() => bucket.take())).toEqual([true, true, true, false]);
});

Deno.test("TokenBucket.take() takes all or nothing", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 1, burst: 5 });
  expect(bucket.take(6)).toBe(false);
  expect(bucket.take(5)).toBe(true);
  await clock.advance(2_000);
  expect(bucket.take(3)).toBe(false);
  expect(bucket.take(2)).toBe(true);
});

Deno.test("TokenBucket.spend() answers how long the debt lasts", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 10, burst: 10 });
  expect(bucket.spend(10)).toBe(0);
  expect(bucket.spend(5)).toBe(500);
  await clock.advance(250);
  expect(bucket.spend(0)).toBe(250);
  expect(bucket.take()).toBe(false);
});

Deno.test("TokenBucket.spend() does not count idle time beyond the burst", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 10, burst: 10 });
  await clock.advance(100_000);
  expect(bucket.spend(50)).toBe(4_000);
});

Deno.test("TokenBucket does not notice a jump of the wall clock", () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ clock, perSecond: 1, burst: 1 });
  expect(bucket.take()).toBe(true);
  clock.jump(3_600_000);
  expect(bucket.take()).toBe(false);
});
