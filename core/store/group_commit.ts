import { CommonsError } from "../base/mod.ts";
import { ATOMIC_LIMITS, QUEUE_LIMITS, type QueueLimits, type SizeLimits } from "./limits.ts";
import type { Mutation } from "./port.ts";
import type { WriteGroup } from "./prepare.ts";
import { isCallersFault, storeError } from "./store_error.ts";
import { invalidValue } from "./value_size.ts";

/** The part of `Deno.AtomicOperation` that writing needs. `set` captures the value when it is called. */
export interface AtomicWrite {
  set(key: Deno.KvKey, value: unknown): unknown;
  delete(key: Deno.KvKey): unknown;
  commit(): Promise<unknown>;
}

export interface GroupCommitInit {
  /** Starts an empty atomic write. */
  readonly begin: () => AtomicWrite;
  /** Called after every atomic write with what it held, and its error when it failed. */
  readonly onCommit?: (mutations: number, error: CommonsError | undefined) => void;
  readonly atomicLimits?: SizeLimits;
  readonly queueLimits?: QueueLimits;
}

interface Request {
  readonly group: WriteGroup;
  readonly resolve: () => void;
  readonly reject: (error: CommonsError) => void;
}

interface Batch {
  atomic: AtomicWrite;
  readonly requests: Request[];
  mutations: number;
  bytes: number;
  keyBytes: number;
  /** True when `atomic` holds part of a group that was refused: it must not be committed. */
  spoilt: boolean;
  readonly done: Promise<void>;
  readonly finish: () => void;
}

/**
 * How many microtasks a write waits for company when nothing is being committed. Writers that were all woken by the
 * last commit ask again within a few microtasks of each other.
 */
const GATHER_MICROTASKS = 8;

/**
 * Puts the writes of many callers into few atomic writes, in the order in which they were asked for, one atomic
 * write at a time. A group is never split. When a shared write fails through one caller's data, every group of it is
 * written alone, so that only that caller fails.
 */
export class GroupCommit {
  readonly #begin: () => AtomicWrite;
  readonly #onCommit: (mutations: number, error: CommonsError | undefined) => void;
  readonly #atomicLimits: SizeLimits;
  readonly #queueLimits: QueueLimits;
  readonly #queue: Batch[] = [];
  #last: Batch | undefined;
  #draining = false;
  #mutations = 0;
  #bytes = 0;

  constructor(init: GroupCommitInit) {
    this.#begin = init.begin;
    this.#onCommit = init.onCommit ?? (() => {});
    this.#atomicLimits = init.atomicLimits ?? ATOMIC_LIMITS;
    this.#queueLimits = init.queueLimits ?? QUEUE_LIMITS;
  }

  /** Mutations that are asked for and not yet settled. */
  get pending(): number {
    return this.#mutations;
  }

  /** Resolves when the group is committed. `STORE_BUSY` when too much is waiting. */
  async submit(group: WriteGroup): Promise<void> {
    if (group.mutations.length === 0) return await this.flush();
    this.#refuseWhenBusy(group);
    const batch = this.#batchFor(group);
    addToBatch(batch, group.mutations);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    batch.requests.push({ group, resolve, reject });
    batch.mutations += group.mutations.length;
    batch.bytes += group.bytes;
    batch.keyBytes += group.keyBytes;
    this.#mutations += group.mutations.length;
    this.#bytes += group.bytes;
    return await promise;
  }

  /** Resolves when everything submitted so far has settled. */
  async flush(): Promise<void> {
    await this.#last?.done;
  }

  #refuseWhenBusy(group: WriteGroup): void {
    const { mutations, bytes } = this.#queueLimits;
    if (this.#mutations + group.mutations.length <= mutations && this.#bytes + group.bytes <= bytes) return;
    throw new CommonsError(
      "STORE_BUSY",
      `Cannot write: ${this.#mutations} mutations with ${this.#bytes} bytes are waiting already`,
    );
  }

  /** The batch at the end of the queue when the group fits in, else a new one. */
  #batchFor(group: WriteGroup): Batch {
    const batch = this.#queue.at(-1);
    if (batch && fits(batch, group, this.#atomicLimits)) return batch;
    const { promise, resolve } = Promise.withResolvers<void>();
    const fresh: Batch = {
      atomic: this.#begin(),
      requests: [],
      mutations: 0,
      bytes: 0,
      keyBytes: 0,
      spoilt: false,
      done: promise,
      finish: resolve,
    };
    this.#queue.push(fresh);
    this.#last = fresh;
    if (!this.#draining) this.#drain();
    return fresh;
  }

  /** Writes batch after batch until none is left. Never rejects. */
  async #drain(): Promise<void> {
    this.#draining = true;
    for (;;) {
      for (let i = 0; i < GATHER_MICROTASKS; i++) await null;
      const batch = this.#queue.shift();
      if (!batch) break;
      await this.#write(batch);
      this.#mutations -= batch.mutations;
      this.#bytes -= batch.bytes;
      batch.finish();
    }
    this.#draining = false;
  }

  async #write(batch: Batch): Promise<void> {
    if (batch.requests.length === 0) return; // its only group was refused
    if (batch.spoilt) return await this.#writeEachAlone(batch);
    const error = await this.#commit(batch.atomic, batch.mutations);
    if (error === undefined) { for (const request of batch.requests) request.resolve(); }
    else if (isCallersFault(error) && batch.requests.length > 1) await this.#writeEachAlone(batch);
    else for (const request of batch.requests) request.reject(error);
  }

  async #writeEachAlone(batch: Batch): Promise<void> {
    for (const { group, resolve, reject } of batch.requests) {
      const error = await this.#writeAlone(group);
      if (error === undefined) resolve();
      else reject(error);
    }
  }

  async #writeAlone(group: WriteGroup): Promise<CommonsError | undefined> {
    const atomic = this.#begin();
    try {
      addMutations(atomic, group.mutations);
    } catch (cause) {
      return invalidValue(cause);
    }
    return await this.#commit(atomic, group.mutations.length);
  }

  async #commit(atomic: AtomicWrite, mutations: number): Promise<CommonsError | undefined> {
    let error: CommonsError | undefined;
    try {
      await atomic.commit();
    } catch (cause) {
      error = storeError(cause, "write to the store");
    }
    this.#onCommit(mutations, error);
    return error;
  }
}

function fits(batch: Batch, group: WriteGroup, limits: SizeLimits): boolean {
  return batch.mutations + group.mutations.length <= limits.mutations &&
    batch.bytes + group.bytes <= limits.bytes &&
    batch.keyBytes + group.keyBytes <= limits.keyBytes;
}

/** Adds a group; when one of its values cannot be cloned, the caller gets the error and the batch is marked. */
function addToBatch(batch: Batch, mutations: readonly Mutation[]): void {
  try {
    addMutations(batch.atomic, mutations);
  } catch (cause) {
    if (mutations.length > 1) batch.spoilt = true; // a single one that threw has added nothing
    throw invalidValue(cause);
  }
}

function addMutations(atomic: AtomicWrite, mutations: readonly Mutation[]): void {
  for (const mutation of mutations) {
    if (mutation.type === "set") atomic.set([...mutation.key], mutation.value);
    else atomic.delete([...mutation.key]);
  }
}
