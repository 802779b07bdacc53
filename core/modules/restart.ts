import { type Clock, jitter, type Random } from "../base/mod.ts";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const JITTER = 0.2;
/** Running so long without a crash makes the next delay the first one again. */
const HEALTHY_AFTER_MS = 60_000;
const CRASH_WINDOW_MS = 60_000;
const CRASHES_TO_FAIL = 5;

/** What to do after a crash. */
export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number }
  | { readonly restart: false };

/** Options of {@linkcode RestartPolicy}. */
export interface RestartOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Delays between restarts of one module: 1 s, doubled up to 60 s, each ±20 %; five crashes within 60 s end it.
 * A crash in the very first start counts like any other.
 */
export class RestartPolicy {
  readonly #options: RestartOptions;
  #attempt = 0;
  #crashes: number[] = [];

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** Call once for each crash; `ranMs` is how long the module had been running, 0 when its start failed. */
  crashed(ranMs: number): RestartDecision {
    const { clock, random } = this.#options;
    const now = clock.monotonic();
    if (ranMs >= HEALTHY_AFTER_MS) this.#attempt = 0;
    this.#crashes = this.#crashes.filter((at) => now - at < CRASH_WINDOW_MS);
    this.#crashes.push(now);
    if (this.#crashes.length >= CRASHES_TO_FAIL) return { restart: false };
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#attempt++, 16));
    return { restart: true, delayMs: Math.round(jitter(random, delay, JITTER)) };
  }

  /** Forgets everything; for a load by the operator. */
  reset(): void {
    this.#attempt = 0;
    this.#crashes = [];
  }
}
