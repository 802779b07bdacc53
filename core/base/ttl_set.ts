import type { Clock } from "./clock.ts";

/** Options of {@linkcode TtlSet}. */
export interface TtlSetOptions {
  readonly clock: Clock;
  /** Milliseconds that an entry stays. */
  readonly ttlMs: number;
  /** Most entries held; the oldest goes first. */
  readonly capacity: number;
}

interface Entry<T> {
  readonly value: T;
  readonly expiry: number;
}

/** Set whose entries expire, bounded in size: for deduplication. Adding again does not lengthen an entry's life. */
export class TtlSet<T> {
  readonly #options: TtlSetOptions;
  readonly #entries = new Map<T, Entry<T>>();
  /** Entries by age from `#oldest` on. Asking a map for its oldest key walks over all the deleted ones before it. */
  #byAge: Entry<T>[] = [];
  #oldest = 0;

  constructor(options: TtlSetOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(value: T): boolean {
    const entry = this.#entries.get(value);
    if (entry === undefined) return false;
    if (entry.expiry > this.#options.clock.monotonic()) return true;
    this.#entries.delete(value);
    return false;
  }

  /** Adds `value`; false when it was there already. */
  add(value: T): boolean {
    if (this.has(value)) return false;
    const now = this.#options.clock.monotonic();
    this.#makeRoom(now);
    const entry = { value, expiry: now + this.#options.ttlMs };
    this.#entries.set(value, entry);
    this.#byAge.push(entry);
    return true;
  }

  delete(value: T): boolean {
    return this.#entries.delete(value);
  }

  #makeRoom(now: number): void {
    for (;;) {
      const entry = this.#byAge[this.#oldest];
      if (entry === undefined) break;
      const held = this.#entries.get(entry.value) === entry; // not deleted, or deleted and added anew
      if (held && entry.expiry > now && this.#entries.size < this.#options.capacity) break;
      if (held) this.#entries.delete(entry.value);
      this.#oldest++;
    }
    // what is not held any more is half of the list at most
    if (this.#byAge.length < 2 * this.#entries.size + 64) return;
    this.#byAge = this.#byAge.slice(this.#oldest).filter((entry) => this.#entries.get(entry.value) === entry);
    this.#oldest = 0;
  }
}
