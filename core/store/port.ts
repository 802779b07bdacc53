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
 * The node's persistence. An acknowledged write (a resolved promise) has been committed: it survives the death of the
 * process at any moment. (Against power loss it has SQLite's guarantee in WAL mode: never corrupt, but the last
 * moments may be missing.) Writes from many callers share commits (group commit); those of one `commit` call are
 * applied all or none, in order, after every write that was asked for before. Reads see what is committed.
 *
 * Values are structured-clonable, not `undefined`, and at most 64 KiB serialised; they are captured when the call is
 * made. Views on larger buffers are stored as only the bytes that they show. Keys have at least one part and encode to
 * at most 2 KiB.
 *
 * Errors: `INVALID_KEY`, `KEY_TOO_LARGE`, `INVALID_VALUE`, `VALUE_TOO_LARGE`, `COMMIT_TOO_LARGE` (nothing written),
 * `STORE_BUSY` (too much is waiting; try again later), `STORE_CLOSED`, `STORE_FULL` (disk full), `STORE_READ_ONLY`,
 * `STORE_CORRUPT`, `STORE_FAILED`. After a failed write the store goes on working once the cause is gone.
 */
export interface Store extends AsyncDisposable {
  get<T = unknown>(key: StoreKey): Promise<T | undefined>;
  getMany<T = unknown>(keys: readonly StoreKey[]): Promise<(T | undefined)[]>;
  set(key: StoreKey, value: unknown): Promise<void>;
  delete(key: StoreKey): Promise<void>;
  /** All mutations or none, in order. At most 500 mutations, 750 KiB and 80,000 bytes of keys; none is allowed. */
  commit(mutations: readonly Mutation[]): Promise<void>;
  /**
   * Entries whose keys go on after `prefix`, in key order. Read in steps of up to 500 entries: a write during the
   * listing may or may not show.
   */
  list<T = unknown>(options: ListOptions): AsyncIterable<StoreEntry<T>>;
  /** Resolves when everything asked for so far is committed or has failed (its own caller has the error). Never rejects. */
  flush(): Promise<void>;
  /** Flushes and closes. Idempotent. */
  close(): Promise<void>;
}
