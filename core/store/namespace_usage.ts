import { CommonsError } from "../base/mod.ts";
import { keySize } from "./key_codec.ts";
import type { ModuleWrite } from "./module_requests.ts";
import type { Mutation, Store, StoreKey } from "./port.ts";
import { sizeValue } from "./value_size.ts";

/** What a namespace holds: bytes of keys and values (as estimated when they were written), and entries. */
export interface Usage {
  readonly bytes: number;
  readonly keys: number;
}

/** Sizes of entries that are remembered, so that overwriting needs no read before it; more than one batch writes. */
const REMEMBERED_SIZES = 4_096;

/**
 * Keeps a namespace's usage. The persisted counters change in the commit that changes the data, so they are right
 * after a crash at any moment. One writer at a time.
 */
export class NamespaceUsage {
  readonly #store: Store;
  readonly #dataPrefix: StoreKey;
  readonly #usageKey: StoreKey;
  /** Bytes of an entry by its key; 0 when there is none. Oldest first. */
  readonly #sizes = new Map<string, number>();
  #usage: Usage | undefined;

  constructor(init: { readonly store: Store; readonly dataPrefix: StoreKey; readonly usageKey: StoreKey }) {
    this.#store = init.store;
    this.#dataPrefix = init.dataPrefix;
    this.#usageKey = init.usageKey;
  }

  async current(): Promise<Usage> {
    this.#usage ??= parseUsage(await this.#store.get(this.#usageKey)) ?? await this.#count();
    return this.#usage;
  }

  /** Reads what {@linkcode next} has to know before `writes`. */
  async prepare(writes: readonly ModuleWrite[]): Promise<Usage> {
    const unknown = writes.filter(({ id }) => !this.#sizes.has(id));
    const values = await this.#store.getMany(unknown.map(({ key }) => [...this.#dataPrefix, ...key]));
    unknown.forEach(({ key, id }, i) => this.#remember(id, entrySize(key, values[i])));
    return await this.current();
  }

  /** What `writes` change on top of `draft`. Nothing is kept yet. All of them must have been prepared. */
  next(writes: readonly ModuleWrite[], draft: Draft): Draft {
    const sizes = new Map<string, number>();
    let { bytes, keys } = draft.usage;
    for (const write of writes) {
      const old = sizes.get(write.id) ?? draft.sizes.get(write.id) ?? this.#sizes.get(write.id) ?? 0;
      bytes += write.bytes - old;
      keys += (write.set ? 1 : 0) - (old > 0 ? 1 : 0);
      sizes.set(write.id, write.bytes);
    }
    return { usage: { bytes: Math.max(0, bytes), keys: Math.max(0, keys) }, sizes };
  }

  mutation(usage: Usage): Mutation {
    return { type: "set", key: this.#usageKey, value: usage };
  }

  /** Keeps a draft whose mutations have been committed. */
  keep(draft: Draft): void {
    this.#usage = draft.usage;
    for (const [id, bytes] of draft.sizes) this.#remember(id, bytes);
  }

  /** Forgets everything that is not on disk; the next use reads it again. */
  forget(): void {
    this.#usage = undefined;
    this.#sizes.clear();
  }

  #remember(id: string, bytes: number): void {
    this.#sizes.delete(id); // to the end of the order
    this.#sizes.set(id, bytes);
    if (this.#sizes.size <= REMEMBERED_SIZES) return;
    for (const oldest of this.#sizes.keys()) {
      this.#sizes.delete(oldest);
      return;
    }
  }

  /** For a namespace without counters: counts what is there. */
  async #count(): Promise<Usage> {
    let bytes = 0;
    let keys = 0;
    for await (const entry of this.#store.list({ prefix: this.#dataPrefix })) {
      bytes += entrySize(entry.key.slice(this.#dataPrefix.length), entry.value);
      keys++;
    }
    return { bytes, keys };
  }
}

/** Usage that will hold once a commit is through, and the sizes of the entries that it writes. */
export interface Draft {
  readonly usage: Usage;
  readonly sizes: ReadonlyMap<string, number>;
}

/** Bytes of an entry as the quota counts them. */
export function entrySize(key: StoreKey, value: unknown): number {
  return value === undefined ? 0 : keySize(key) + sizeValue(value).bytes;
}

/** `QUOTA_EXCEEDED` when `after` is over the quota and not smaller than `before`. */
export function quotaFault(before: Usage, after: Usage, quota: Usage): CommonsError | undefined {
  const bytesOver = after.bytes > quota.bytes && after.bytes > before.bytes;
  const keysOver = after.keys > quota.keys && after.keys > before.keys;
  if (!bytesOver && !keysOver) return undefined;
  const what = bytesOver ? `${after.bytes} of ${quota.bytes} bytes` : `${after.keys} of ${quota.keys} keys`;
  return new CommonsError("QUOTA_EXCEEDED", `Cannot store: it would take ${what}`, {
    detail: { usage: before, quota },
  });
}

function parseUsage(value: unknown): Usage | undefined {
  if (typeof value !== "object" || value === null || !("bytes" in value) || !("keys" in value)) {
    return undefined;
  }
  const { bytes, keys } = value;
  return typeof bytes === "number" && typeof keys === "number" ? { bytes, keys } : undefined;
}
