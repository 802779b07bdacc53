import { type Clock, CommonsError } from "../../base/mod.ts";

export interface TimedCallOptions {
  readonly clock: Clock;
  readonly ms: number;
  /** What cannot be done in time, for the error. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls with a signal that aborts after `ms`, with `TIMEOUT`, or when `signal` does. Does not wait for those who do not
 * listen to it.
 */
export async function timedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { clock, ms, what, signal }: TimedCallOptions,
): Promise<T> {
  const deadline = new AbortController();
  using _timer = clock.after(ms, () => {
    deadline.abort(new CommonsError("TIMEOUT", `Cannot ${what}: no answer within ${ms} ms`));
  });
  const either = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  either.throwIfAborted();
  return await unlessAborted(call(either), either);
}

/** Settles as `work` does, or rejects with the signal's reason when that aborts first. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
