import type { Clock } from "../../core/base/mod.ts";

/** Time that moves on its own, so that limits and repeats do not hide the rest. */
export function runningClock(): Clock {
  let now = 1_700_000_000_000;
  const none = () => {
    throw new Error("a check must not wait");
  };
  return { now: () => now, monotonic: () => now += 10_000, after: none, every: none };
}
