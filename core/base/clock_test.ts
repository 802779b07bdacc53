import { expect } from "expect";
import { sleep, systemClock, withDeadline } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";

Deno.test("systemClock.after() calls once and its timer ends", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = systemClock.after(0, resolve);
  const keepAlive = setInterval(() => {}, 1000); // the clock's own timers do not keep the process alive
  try {
    expect(timer.active).toBe(true);
    await promise;
    expect(timer.active).toBe(false);
    timer[Symbol.dispose]();
  } finally {
    clearInterval(keepAlive);
  }
});

Deno.test("systemClock.after() does not fire a wait beyond 32 bits at once", async () => {
  let fired = false;
  {
    using timer = systemClock.after(2 ** 33, () => fired = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(timer.active).toBe(true);
  }
  expect(fired).toBe(false);
});

Deno.test("systemClock.every() repeats until disposed", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const timer = systemClock.every(1, () => ++count === 3 && resolve());
  const keepAlive = setInterval(() => {}, 1000);
  try {
    await promise;
  } finally {
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    clearInterval(keepAlive);
  }
  expect(timer.active).toBe(false);
});

Deno.test("sleep() resolves when its time has come", async () => {
  const clock = new FakeClock();
  let done = false;
  const slept = sleep(clock, 100).then(() => done = true);
  await clock.advance(99);
  expect(done).toBe(false);
  await clock.advance(1);
  await slept;
  expect(clock.pending).toBe(0);
});

Deno.test("sleep() rejects with the signal's reason and leaves no timer", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const slept = sleep(clock, 100, { signal: controller.signal });
  controller.abort(new Error("stopping"));
  await expect(slept).rejects.toThrow("stopping");
  expect(clock.pending).toBe(0);
  await expect(sleep(clock, 1, { signal: controller.signal })).rejects.toThrow("stopping");
  expect(clock.pending).toBe(0);
});

Deno.test("withDeadline() passes on what settles in time and stops its timer", async () => {
  const clock = new FakeClock();
  expect(await withDeadline(clock, 10, Promise.resolve(7), "ask")).toBe(7);
  await expect(withDeadline(clock, 10, Promise.reject(new Error("no")), "ask")).rejects.toThrow("no");
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

Deno.test("withDeadline() rejects with TIMEOUT, and a late failure of the work is not unhandled", async () => {
  const clock = new FakeClock();
  const { promise, reject } = Promise.withResolvers<never>();
  const outcome = withDeadline(clock, 10, promise, "ask the peer").catch((error) => error);
  await clock.advance(10);
  expect(await outcome).toMatchObject({
    code: "TIMEOUT",
    message: "Cannot ask the peer: no answer within 10 ms",
  });
  reject(new Error("too late"));
  await clock.advance(0);
});
