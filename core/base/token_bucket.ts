import type { Clock } from "./clock.ts";

/** Options of {@linkcode TokenBucket}. */
export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens added a second. */
  readonly perSecond: number;
  /** Most tokens held, and held at first. */
  readonly burst: number;
}

/** Token bucket: allows bursts up to `burst` and `perSecond` in the long run. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #updated: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#updated = options.clock.monotonic();
  }

  /** Takes `count` tokens; false, and nothing taken, when there are not so many. */
  take(count = 1): boolean {
    if (this.#tokens < count) this.#refill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes `count` tokens even when that leaves a debt, and answers how many milliseconds until the debt is paid. */
  spend(count: number): number {
    // Refill first: what was gained counts up to `burst` only, however long the bucket has been idle.
    if (this.#tokens < count) this.#refill();
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#options.perSecond * 1000);
  }

  #refill(): void {
    const now = this.#options.clock.monotonic();
    const gained = Math.max(0, now - this.#updated) / 1000 * this.#options.perSecond;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + gained);
    this.#updated = now;
  }
}
