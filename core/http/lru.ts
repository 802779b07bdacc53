/** Map with a fixed capacity that forgets what was used longest ago. */
export class LruMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, made by `make` when there is none. */
  getOrMake(key: K, make: () => V): V {
    let value = this.#entries.get(key);
    if (value !== undefined) this.#entries.delete(key);
    else {
      value = make();
      for (const oldest of this.#entries.keys()) {
        if (this.#entries.size < this.#capacity) break;
        this.#entries.delete(oldest);
      }
    }
    this.#entries.set(key, value);
    return value;
  }
}
