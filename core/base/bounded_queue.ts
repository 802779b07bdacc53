/** What a full queue does with one more item. */
export type OverflowPolicy = "drop_newest" | "drop_oldest";

/**
 * First-in-first-out queue with a fixed capacity. Never throws when full: it drops by policy and counts.
 * `push` and `shift` take constant time.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #policy: OverflowPolicy;
  #items: (T | undefined)[] = [];
  #head = 0;
  #dropped = 0;

  constructor(capacity: number, policy: OverflowPolicy = "drop_newest") {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot make a queue: capacity must be a positive integer, is ${capacity}`);
    }
    this.capacity = capacity;
    this.#policy = policy;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** How many items were dropped since the queue was made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds an item; false when something (the item, or the oldest one) was dropped for lack of room. */
  push(item: T): boolean {
    if (this.length < this.capacity) {
      this.#items.push(item);
      return true;
    }
    this.#dropped++;
    if (this.#policy === "drop_oldest") {
      this.shift();
      this.#items.push(item);
    }
    return false;
  }

  /** Takes the oldest item, or `undefined` when empty. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
