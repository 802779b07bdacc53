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

/** Longest delay of the runtime's timers (a signed 32-bit number); a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #active = true;
  #id: ReturnType<typeof setTimeout> | undefined;

  get active(): boolean {
    return this.#active;
  }

  /** Calls `fn` after `ms`, in steps where that is longer than a runtime timer can wait. */
  once(ms: number, fn: () => void): this {
    const step = Math.min(ms, MAX_DELAY_MS);
    const id = setTimeout(() => {
      if (ms > step) return void this.once(ms - step, fn);
      this.#active = false;
      fn();
    }, step);
    return this.#hold(id);
  }

  /** Calls `fn` every `ms`, at most every 24 days. */
  repeat(ms: number, fn: () => void): this {
    return this.#hold(setInterval(fn, Math.min(ms, MAX_DELAY_MS)));
  }

  [Symbol.dispose](): void {
    if (!this.#active) return;
    this.#active = false;
    clearTimeout(this.#id);
  }

  #hold(id: ReturnType<typeof setTimeout>): this {
    this.#id = id;
    Deno.unrefTimer(id);
    return this;
  }
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => new SystemTimer().once(ms, fn),
  every: (ms, fn) => new SystemTimer().repeat(ms, fn),
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
