export interface RecentMapOptions<V> {
  /** Most weight of all values together, where their number alone does not bound them. */
  readonly maxWeight?: number;
  /** Weight of a value that is used again. */
  weigh?(value: V): number;
}

/**
 * Bounded map that forgets what was used longest ago. Two generations: what is used moves to the young one, and when
 * that is full the old one goes as a whole. No order is kept between entries, so every step takes constant time.
 */
export class RecentMap<K, V> {
  readonly #half: number;
  readonly #halfWeight: number;
  readonly #weigh: ((value: V) => number) | undefined;
  /** Of the young ones, or a little more: a value that is set twice counts twice. */
  #weight = 0;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** Holds between half of `capacity` and `capacity` of the entries used last. */
  constructor(capacity: number, { maxWeight = Infinity, weigh }: RecentMapOptions<V> = {}) {
    this.#half = Math.max(1, Math.floor(capacity / 2));
    this.#halfWeight = maxWeight / 2;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old, this.#weigh?.(old));
    return old;
  }

  /** `weight` is that of the value, or what it gained since it was set last. */
  set(key: K, value: V, weight = 0): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    this.#weight += weight;
    if (this.#young.size < this.#half && this.#weight < this.#halfWeight) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
  }

  delete(key: K): boolean {
    return this.#young.delete(key) || this.#old.delete(key);
  }
}
