import { type Clock, systemClock, type Timer } from "../../core/base/mod.ts";

/** The machine's clock, which also knows how many of its timers are still to fire. */
export interface CountedClock extends Clock {
  readonly pending: number;
}

/** Makes one; timers of others are not counted. */
export function countedClock(): CountedClock {
  const active = new Set<Timer>();
  const prune = () => {
    for (const timer of active) if (!timer.active) active.delete(timer);
  };
  let limit = 1_000;
  const count = (timer: Timer): Timer => {
    active.add(timer);
    if (active.size > limit) {
      prune();
      limit = Math.max(1_000, 2 * active.size);
    }
    return timer;
  };
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    after: (ms, fn) => count(systemClock.after(ms, fn)),
    every: (ms, fn) => count(systemClock.every(ms, fn)),
    get pending() {
      prune();
      return active.size;
    },
  };
}
