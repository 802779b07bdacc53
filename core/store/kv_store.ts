import { CommonsError } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { GroupCommit } from "./group_commit.ts";
import { keyRange, keySize } from "./key_codec.ts";
import { checkKvFile } from "./kv_preflight.ts";
import type { ListOptions, Mutation, Store, StoreEntry, StoreKey } from "./port.ts";
import { prepareGroup } from "./prepare.ts";
import { checkLimit } from "./list_options.ts";
import { storeError } from "./store_error.ts";
import { openFailure } from "./open_failure.ts";
import { commitReporter } from "./commit_reporter.ts";

/** Most keys of one `getMany` of Deno KV. */
const KV_GET_MANY = 10;
/** Entries read in one step of a listing. */
const LIST_STEP = 500;

/** Where the store is, and whom it tells how it does. */
export interface KvStoreInit {
  /** Path of the KV file; exactly one of `path` and `url`. Its folder must exist. */
  readonly path?: string;
  /** KV Connect URL (https, or http on loopback); Deno reads `DENO_KV_ACCESS_TOKEN` itself. */
  readonly url?: string;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

/**
 * Opens the node's store in Deno KV. Only one process may have a file open: take {@linkcode lockDataDir} first.
 * Needs `--unstable-kv`, and read and write permission for the file's folder (or net permission for the URL).
 * @throws {CommonsError} `STORE_CORRUPT`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_FAILED`
 */
export async function openKvStore(init: KvStoreInit): Promise<Store> {
  const location = kvLocation(init);
  if (init.url === undefined) await checkKvFile(location);
  try {
    return new KvStore(await Deno.openKv(location), init);
  } catch (cause) {
    throw await openFailure(cause, location);
  }
}

function kvLocation({ path, url }: KvStoreInit): string {
  if ((path === undefined) === (url === undefined)) {
    throw new CommonsError("STORE_FAILED", "Cannot open the store: need either a path or a URL");
  }
  if (url === undefined) return path ?? "";
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed?.hostname ?? "");
  if (parsed?.protocol === "https:" || (parsed?.protocol === "http:" && loopback)) return url;
  throw new CommonsError("STORE_FAILED", "Cannot open the store: its URL must be https, or http on loopback");
}

class KvStore implements Store {
  readonly #kv: Deno.Kv;
  readonly #writes: GroupCommit;
  #closed: Promise<void> | undefined;

  constructor(kv: Deno.Kv, init: KvStoreInit) {
    this.#kv = kv;
    const reporter = commitReporter({ ...init, pending: () => this.#writes.pending });
    this.#writes = new GroupCommit({ begin: () => kv.atomic(), onCommit: reporter });
  }

  async get<T = unknown>(key: StoreKey): Promise<T | undefined> {
    keySize(key);
    const entry = await this.#read(() => this.#kv.get<T>([...key]));
    return entry.versionstamp === null ? undefined : entry.value;
  }

  async getMany<T = unknown>(keys: readonly StoreKey[]): Promise<(T | undefined)[]> {
    for (const key of keys) keySize(key);
    const values: (T | undefined)[] = [];
    for (let i = 0; i < keys.length; i += KV_GET_MANY) {
      const part = keys.slice(i, i + KV_GET_MANY).map((key) => [...key]);
      const entries = await this.#read(() => this.#kv.getMany<T[]>(part));
      for (const entry of entries) values.push(entry.versionstamp === null ? undefined : entry.value);
    }
    return values;
  }

  async set(key: StoreKey, value: unknown): Promise<void> {
    return await this.commit([{ type: "set", key, value }]);
  }

  async delete(key: StoreKey): Promise<void> {
    return await this.commit([{ type: "delete", key }]);
  }

  async commit(mutations: readonly Mutation[]): Promise<void> {
    this.#refuseWhenClosed();
    return await this.#writes.submit(prepareGroup(mutations));
  }

  async *list<T = unknown>(options: ListOptions): AsyncIterable<StoreEntry<T>> {
    const { prefix, start, end, reverse = false } = options;
    const limit = checkLimit(options.limit);
    const { low, high } = keyRange(prefix, start, end);
    this.#refuseWhenClosed();
    if (low >= high || limit === 0) return;
    const entries = this.#kv.list<T>(listSelector(options), {
      reverse,
      batchSize: Math.min(limit ?? LIST_STEP, LIST_STEP),
      ...(limit === undefined ? {} : { limit }),
    });
    for (;;) {
      const { done, value } = await this.#read(() => entries.next());
      if (done || value === undefined) return;
      yield { key: value.key as StoreKey, value: value.value }; // only StoreKeys are ever written
    }
  }

  async flush(): Promise<void> {
    await this.#writes.flush();
  }

  close(): Promise<void> {
    this.#closed ??= this.#writes.flush().then(() => this.#kv.close());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    try {
      return await read();
    } catch (cause) {
      throw storeError(cause, "read from the store");
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new CommonsError("STORE_CLOSED", "Cannot use the store: it is closed");
  }
}

/** KV takes at most two of prefix, start and end. Both ends are known to be inside the prefix here. */
function listSelector({ prefix, start, end }: ListOptions): Deno.KvListSelector {
  if (start && end) return { start: [...start], end: [...end] };
  if (start) return { prefix: [...prefix], start: [...start] };
  if (end) return { prefix: [...prefix], end: [...end] };
  return { prefix: [...prefix] };
}
