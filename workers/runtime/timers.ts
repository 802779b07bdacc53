import type { Log, Timers } from "../sdk/types.ts";

/** Something that calls back later; a test's clock, or the platform's own. */
export interface Schedule {
  /** Returns a function that ends it. */
  after(ms: number, fn: () => void): () => void;
  every(ms: number, fn: () => void): () => void;
}

export const systemSchedule: Schedule = Object.freeze({
  after(ms: number, fn: () => void) {
    const id = setTimeout(fn, ms);
    return () => clearTimeout(id);
  },
  every(ms: number, fn: () => void) {
    const id = setInterval(fn, ms);
    return () => clearInterval(id);
  },
});

/** Timers that end when the module is asked to stop. What they throw is logged. */
export function createTimers(
  { log, signal, schedule }: {
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly schedule: Schedule;
  },
): Timers {
  const guarded = (fn: () => void | Promise<void>) => async () => {
    try {
      await fn();
    } catch (error) {
      log.error("a timer threw", { error: error instanceof Error ? error.message : String(error) });
    }
  };
  const start = (begin: Schedule["after"], ms: number, fn: () => void) => {
    const end = begin(ms, fn);
    const stop = () => {
      signal.removeEventListener("abort", stop);
      end();
    };
    signal.addEventListener("abort", stop, { once: true });
    return stop;
  };
  return Object.freeze({
    after(ms: number, fn: () => void | Promise<void>) {
      const run = guarded(fn);
      const stop = start((ms, fn) => schedule.after(ms, fn), ms, () => {
        stop();
        void run();
      });
      return stop;
    },
    every: (ms: number, fn: () => void | Promise<void>) =>
      start((ms, fn) => schedule.every(ms, fn), ms, guarded(fn)),
  });
}
