import type { Clock } from "./clock.ts";

/** Options of {@linkcode TtlSet}. */
export interface TtlSetOptions {
  readonly clock: Clock;
  /** Milliseconds that an entry stays. */
  readonly ttlMs: number;
  /** Most entries held; the oldest goes first. */
  readonly capacity: number;
}

/** Set whose entries expire, bounded in size: for deduplication. Adding again does not lengthen an entry's life. */
export class TtlSet<T> {
  readonly #options: TtlSetOptions;
  readonly #expiry = new Map<T, number>();

  constructor(options: TtlSetOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#expiry.size;
  }

  has(value: T): boolean {
    const expiry = this.#expiry.get(value);
    if (expiry === undefined) return false;
    if (expiry > this.#options.clock.monotonic()) return true;
    this.#expiry.delete(value);
    return false;
  }

  /** Adds `value`; false when it was there already. */
  add(value: T): boolean {
    if (this.has(value)) return false;
    const now = this.#options.clock.monotonic();
    for (const [old, expiry] of this.#expiry) {
      if (expiry > now && this.#expiry.size < this.#options.capacity) break;
      this.#expiry.delete(old);
    }
    this.#expiry.set(value, now + this.#options.ttlMs);
    return true;
  }

  delete(value: T): boolean {
    return this.#expiry.delete(value);
  }
}
