/** One part of a key, ordered as Deno KV orders them. */
export type KeyPart = string | number | bigint | boolean | Uint8Array;
/** A key: its first part is a name of the key table. */
export type StoreKey = readonly KeyPart[];

export interface StoreEntry<T = unknown> {
  readonly key: StoreKey;
  readonly value: T;
}

export type Mutation =
  | { readonly type: "set"; readonly key: StoreKey; readonly value: unknown }
  | { readonly type: "delete"; readonly key: StoreKey };

export interface ListOptions {
  readonly prefix: StoreKey;
  /** Most entries; default no limit. */
  readonly limit?: number;
  /** First key (inclusive) inside the prefix. */
  readonly start?: StoreKey;
  /** End key (exclusive) inside the prefix. */
  readonly end?: StoreKey;
  readonly reverse?: boolean;
}

/**
 * The node's persistence. An acknowledged write (a resolved promise) has been committed. Writes from many callers
 * share commits (group commit); those of one `commit` call are applied all or none, in order, after every write that
 * was asked for before. Values are structured-clonable and at most 64 KiB serialised.
 *
 * Errors: `VALUE_TOO_LARGE`, `KEY_TOO_LARGE`, `STORE_CLOSED`, `STORE_FULL` (disk full), `STORE_READ_ONLY`, `STORE_FAILED`.
 */
export interface Store extends AsyncDisposable {
  get<T = unknown>(key: StoreKey): Promise<T | undefined>;
  getMany<T = unknown>(keys: readonly StoreKey[]): Promise<(T | undefined)[]>;
  set(key: StoreKey, value: unknown): Promise<void>;
  delete(key: StoreKey): Promise<void>;
  /** All mutations or none. At most 500 mutations. */
  commit(mutations: readonly Mutation[]): Promise<void>;
  list<T = unknown>(options: ListOptions): AsyncIterable<StoreEntry<T>>;
  /** Resolves when everything asked for so far is committed. */
  flush(): Promise<void>;
  /** Flushes and closes. Idempotent. */
  close(): Promise<void>;
}
