import { isDeepStrictEqual } from "node:util";
import { CommonsError, isCommonsError } from "../base/mod.ts";
import { ATOMIC_LIMITS } from "./limits.ts";
import { parseModuleKey } from "./module_key.ts";
import {
  type ModuleAtomic,
  type ModuleWrite,
  parseAtomic,
  parseDelete,
  parseList,
  parseSet,
} from "./module_requests.ts";
import { type Draft, entrySize, NamespaceUsage, quotaFault, type Usage } from "./namespace_usage.ts";
import { isCallersFault } from "./store_error.ts";
import type { Store, StoreEntry, StoreKey } from "./port.ts";

/** What one namespace may hold, and answer. */
export interface NamespaceOptions {
  readonly quotaBytes: number;
  readonly quotaKeys: number;
  /** Most bytes of one listing; default 4 MiB. */
  readonly maxListBytes?: number;
}

/**
 * A module's part of the store. Every parameter is checked here, so they may come straight from a module. Keys are
 * arrays of 1 to 8 parts.
 *
 * Errors: `INVALID_PARAMS`, `INVALID_VALUE`, `VALUE_TOO_LARGE`, `QUOTA_EXCEEDED`, `RESULT_TOO_LARGE`, and those of
 * {@linkcode Store}.
 */
export interface NamespacedStore {
  get(key: unknown): Promise<unknown>;
  set(key: unknown, value: unknown): Promise<void>;
  delete(key: unknown): Promise<void>;
  /** `{prefix?, start?, end?, limit?, reverse?}`: at most 100 entries when no limit is given, 1,000 with one. */
  list(request: unknown): Promise<StoreEntry[]>;
  /**
   * `{checks: [{key, value}], mutations: [{type: "set", key, value} | {type: "delete", key}]}`: at most 100 and 400.
   * A check holds when the value at `key` equals `value`; null and undefined mean that there is none. False, and
   * nothing written, when one does not hold.
   */
  atomic(request: unknown): Promise<boolean>;
  usage(): Promise<Usage>;
  /** Deletes everything, in turn with the writes. */
  clear(): Promise<void>;
}

/**
 * A namespace with its data below `[...prefix, "data"]` and its counters at `[...prefix, "usage"]`. Make only one for
 * a prefix. The counters share the commit of the data that they count.
 */
export function namespacedStore(store: Store, prefix: StoreKey, options: NamespaceOptions): NamespacedStore {
  return new Namespace(store, prefix, options);
}

/** Work that may wait in one namespace. */
const MAX_WAITING = 10_000;
/** Room in a commit for the counters. */
const COMMIT_MUTATIONS = 450;
const CLEAR_STEP = 200;

interface Job {
  readonly atomic: ModuleAtomic;
  readonly resolve: (held: boolean) => void;
  readonly reject: (error: unknown) => void;
  settled: boolean;
}

function succeed(job: Job, held: boolean): void {
  job.settled = true;
  job.resolve(held);
}

function fail(job: Job, error: unknown): void {
  job.settled = true;
  job.reject(error);
}

class Namespace implements NamespacedStore {
  readonly #store: Store;
  readonly #dataPrefix: StoreKey;
  readonly #quota: Usage;
  readonly #maxListBytes: number;
  readonly #usage: NamespaceUsage;
  #jobs: Job[] = [];
  /** The end of the chain of everything that writes, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(store: Store, prefix: StoreKey, options: NamespaceOptions) {
    this.#store = store;
    this.#dataPrefix = [...prefix, "data"];
    this.#quota = { bytes: options.quotaBytes, keys: options.quotaKeys };
    this.#maxListBytes = options.maxListBytes ?? 4 * 1024 * 1024;
    this.#usage = new NamespaceUsage({ store, dataPrefix: this.#dataPrefix, usageKey: [...prefix, "usage"] });
  }

  async get(key: unknown): Promise<unknown> {
    return await this.#store.get([...this.#dataPrefix, ...parseModuleKey(key)]);
  }

  async set(key: unknown, value: unknown): Promise<void> {
    await this.#submit({ checks: [], writes: [parseSet(key, value)] });
  }

  async delete(key: unknown): Promise<void> {
    await this.#submit({ checks: [], writes: [parseDelete(key)] });
  }

  async atomic(request: unknown): Promise<boolean> {
    return await this.#submit(parseAtomic(request));
  }

  async list(request: unknown): Promise<StoreEntry[]> {
    const { prefix, start, end, ...rest } = parseList(request);
    const inside = (key: StoreKey) => [...this.#dataPrefix, ...key];
    const entries: StoreEntry[] = [];
    let bytes = 0;
    const listing = this.#store.list({
      prefix: inside(prefix),
      ...(start && { start: inside(start) }),
      ...(end && { end: inside(end) }),
      ...rest,
    });
    for await (const entry of listing) {
      const key = entry.key.slice(this.#dataPrefix.length);
      bytes += entrySize(key, entry.value);
      if (bytes > this.#maxListBytes) {
        throw new CommonsError(
          "RESULT_TOO_LARGE",
          `Cannot list: the entries take more than ${this.#maxListBytes} bytes; ask with a smaller limit`,
        );
      }
      entries.push({ key, value: entry.value });
    }
    return entries;
  }

  async usage(): Promise<Usage> {
    return await this.#inTurn(() => this.#usage.current());
  }

  async clear(): Promise<void> {
    await this.#inTurn(() => this.#deleteAll());
  }

  async #submit(atomic: ModuleAtomic): Promise<boolean> {
    if (this.#jobs.length >= MAX_WAITING) {
      throw new CommonsError("STORE_BUSY", `Cannot write: ${this.#jobs.length} writes are waiting already`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#jobs.push({ atomic, resolve, reject, settled: false });
    if (this.#jobs.length === 1) this.#inTurn(() => this.#drain());
    return await promise;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(() => {}, () => {}); // the caller of inTurn has the error
    return result;
  }

  /** Commits the jobs that wait, as many as fit into one commit. Never rejects. */
  async #drain(): Promise<void> {
    const batch = takeBatch(this.#jobs);
    this.#jobs = this.#jobs.slice(batch.length);
    if (this.#jobs.length > 0) this.#inTurn(() => this.#drain());
    if (batch.length > 0) await this.#settle(batch);
  }

  async #settle(batch: readonly Job[]): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      this.#usage.forget(); // a remote store may have committed all the same
      const open = batch.filter((job) => !job.settled);
      if (open.length > 1 && isCommonsError(error) && isCallersFault(error)) {
        for (const job of open) await this.#settle([job]);
      } else for (const job of open) fail(job, error);
    }
  }

  /** Commits jobs together and settles them, unless it throws. */
  async #commit(batch: readonly Job[]): Promise<void> {
    const usage = await this.#usage.prepare(batch.flatMap(({ atomic }) => atomic.writes));
    const draft = { usage, sizes: new Map<string, number>() };
    const accepted: Job[] = [];
    for (const job of batch) {
      if (!await this.#holds(job.atomic)) {
        succeed(job, false);
        continue;
      }
      const next = this.#usage.next(job.atomic.writes, draft);
      const error = quotaFault(draft.usage, next.usage, this.#quota);
      if (error) {
        fail(job, error);
        continue;
      }
      draft.usage = next.usage;
      for (const [id, bytes] of next.sizes) draft.sizes.set(id, bytes);
      accepted.push(job);
    }
    const writes = accepted.flatMap(({ atomic }) => atomic.writes);
    if (writes.length > 0) await this.#write(writes, draft);
    for (const job of accepted) succeed(job, true);
  }

  /** A job with checks is the first of its batch ({@linkcode takeBatch}), so what is committed is what counts. */
  async #holds({ checks }: ModuleAtomic): Promise<boolean> {
    if (checks.length === 0) return true;
    const values = await this.#store.getMany(checks.map(({ key }) => [...this.#dataPrefix, ...key]));
    return checks.every(({ value }, i) => isDeepStrictEqual(values[i] ?? null, value ?? null));
  }

  async #write(writes: readonly ModuleWrite[], draft: Draft): Promise<void> {
    const mutations = writes.map((write) => {
      const key = [...this.#dataPrefix, ...write.key];
      return write.set ? { type: "set" as const, key, value: write.value } : { type: "delete" as const, key };
    });
    await this.#store.commit([...mutations, this.#usage.mutation(draft.usage)]);
    this.#usage.keep(draft);
  }

  async #deleteAll(): Promise<void> {
    for (;;) {
      const keys: StoreKey[] = [];
      for await (const entry of this.#store.list({ prefix: this.#dataPrefix, limit: CLEAR_STEP })) {
        keys.push(entry.key);
      }
      const writes = keys.map((key) => parseDelete(key.slice(this.#dataPrefix.length)));
      const draft = this.#usage.next(writes, { usage: await this.#usage.prepare(writes), sizes: new Map() });
      const usage = keys.length < CLEAR_STEP ? { bytes: 0, keys: 0 } : draft.usage;
      await this.#write(writes, { ...draft, usage });
      if (keys.length < CLEAR_STEP) return;
    }
  }
}

/** The first jobs that fit into one commit; one with checks only as the first. */
function takeBatch(jobs: readonly Job[]): Job[] {
  const batch: Job[] = [];
  let mutations = 0;
  let bytes = 0;
  let keyBytes = 0;
  for (const job of jobs) {
    const { checks, writes } = job.atomic;
    mutations += writes.length;
    for (const write of writes) {
      bytes += write.bytes + PREFIX_BYTES;
      keyBytes += write.id.length + PREFIX_BYTES;
    }
    const fits = mutations <= COMMIT_MUTATIONS && bytes <= ATOMIC_LIMITS.bytes * 0.9 &&
      keyBytes <= ATOMIC_LIMITS.keyBytes * 0.9;
    if (batch.length > 0 && (checks.length > 0 || !fits)) return batch;
    batch.push(job);
  }
  return batch;
}

/** More than the prefix of a namespace takes in a key. */
const PREFIX_BYTES = 128;
