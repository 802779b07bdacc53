import { CommonsError } from "./errors.ts";

/** Handle of a timer; disposing it twice is harmless. */
export interface Timer extends Disposable {
  readonly active: boolean;
}

/** Source of time. Everything that tells time or waits takes one, so that tests never sleep. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences mean something. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. The timer does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` every `ms` milliseconds. The timer does not keep the process alive. */
  every(ms: number, fn: () => void): Timer;
}

function timerOf(clear: () => void): Timer {
  let active = true;
  return {
    get active() {
      return active;
    },
    [Symbol.dispose]() {
      if (!active) return;
      active = false;
      clear();
    },
  };
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const id = setTimeout(fn, ms);
    Deno.unrefTimer(id);
    return timerOf(() => clearTimeout(id));
  },
  every(ms, fn) {
    const id = setInterval(fn, ms);
    Deno.unrefTimer(id);
    return timerOf(() => clearInterval(id));
  },
};

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, ms: number, options: { signal?: AbortSignal } = {}): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Settles as `work` does, or rejects with code `TIMEOUT` after `ms`. `work` is not cancelled: hand it a signal too
 * where it can be.
 */
export function withDeadline<T>(clock: Clock, ms: number, work: Promise<T>, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () => {
      reject(new CommonsError("TIMEOUT", `Cannot ${what}: no answer within ${ms} ms`));
    });
    work.then(resolve, reject).finally(() => timer[Symbol.dispose]());
  });
}
