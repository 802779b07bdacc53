import { CommonsError } from "../base/mod.ts";
import { encodeKey, keyRange, keySize } from "./key_codec.ts";
import { checkLimit } from "./list_options.ts";
import type { ListOptions, Mutation, Store, StoreEntry, StoreKey } from "./port.ts";
import { prepareGroup } from "./prepare.ts";
import { invalidValue } from "./value_size.ts";

/** A store that forgets everything when it is closed; same limits and errors as the one on disk. Needs no permission. */
export function memoryStore(): Store {
  return new MemoryStore();
}

interface Slot {
  readonly key: StoreKey;
  readonly value: unknown;
}

type Change = readonly [encoded: string, slot: Slot | undefined];

class MemoryStore implements Store {
  readonly #slots = new Map<string, Slot>();
  /** The encoded keys in order, or undefined when they must be sorted again. */
  #sorted: string[] | undefined = [];
  #closed = false;

  // deno-lint-ignore require-await -- errors must be rejections
  async get<T = unknown>(key: StoreKey): Promise<T | undefined> {
    this.#refuseWhenClosed();
    return this.#value<T>(key);
  }

  // deno-lint-ignore require-await -- errors must be rejections
  async getMany<T = unknown>(keys: readonly StoreKey[]): Promise<(T | undefined)[]> {
    this.#refuseWhenClosed();
    return keys.map((key) => this.#value<T>(key));
  }

  async set(key: StoreKey, value: unknown): Promise<void> {
    return await this.commit([{ type: "set", key, value }]);
  }

  async delete(key: StoreKey): Promise<void> {
    return await this.commit([{ type: "delete", key }]);
  }

  // deno-lint-ignore require-await -- errors must be rejections
  async commit(mutations: readonly Mutation[]): Promise<void> {
    this.#refuseWhenClosed();
    const changes = prepareGroup(mutations).mutations.map(toChange); // everything that can fail, before anything changes
    for (const [encoded, slot] of changes) this.#apply(encoded, slot);
  }

  async *list<T = unknown>(options: ListOptions): AsyncIterable<StoreEntry<T>> {
    const limit = checkLimit(options.limit) ?? Infinity;
    const { low, high } = keyRange(options.prefix, options.start, options.end);
    this.#refuseWhenClosed();
    const keys = this.#keysBetween(low, high);
    if (options.reverse) keys.reverse();
    let count = 0;
    for (const encoded of keys) {
      if (count >= limit) return;
      const slot = this.#slots.get(encoded);
      if (!slot) continue; // deleted since the listing began
      count++;
      yield { key: slot.key, value: structuredClone(slot.value) as T };
      this.#refuseWhenClosed();
    }
  }

  async flush(): Promise<void> {
    // every commit is done when its call returns
  }

  // deno-lint-ignore require-await -- the port's shape
  async close(): Promise<void> {
    this.#closed = true;
    this.#slots.clear();
    this.#sorted = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #value<T>(key: StoreKey): T | undefined {
    keySize(key);
    return structuredClone(this.#slots.get(encodeKey(key))?.value) as T | undefined;
  }

  #apply(encoded: string, slot: Slot | undefined): void {
    if (slot === undefined ? this.#slots.delete(encoded) : !this.#slots.has(encoded)) {
      this.#sorted = undefined;
    }
    if (slot) this.#slots.set(encoded, slot);
  }

  #keysBetween(low: string, high: string): string[] {
    this.#sorted ??= [...this.#slots.keys()].sort(byCodeUnits);
    return this.#sorted.slice(lowerBound(this.#sorted, low), lowerBound(this.#sorted, high));
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new CommonsError("STORE_CLOSED", "Cannot use the store: it is closed");
  }
}

function toChange(mutation: Mutation): Change {
  const encoded = encodeKey(mutation.key);
  if (mutation.type === "delete") return [encoded, undefined];
  try {
    return [encoded, { key: structuredClone(mutation.key), value: structuredClone(mutation.value) }];
  } catch (cause) {
    throw invalidValue(cause);
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Index of the first text that is not below `bound`. */
function lowerBound(sorted: readonly string[], bound: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
