import {
  type Clock,
  CommonsError,
  displayDoubleSha256,
  type HashHex,
  HEADER_BYTES,
  type Timer,
} from "../../base/mod.ts";
import { encodeInventory, INVENTORY, type InventoryItem, SERVICES } from "../../bitcoin/mod.ts";
import type { Abortable } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";
import type { PeerHandle } from "./peer_types.ts";

/**
 * A block has three such rounds to come in, which is 4 MB at 64 KB/s; a peer that sends next to nothing in one has none
 * left. So who waits for a minute gets it from another one.
 */
const ROUND_MS = 20_000;
const MAX_ROUNDS = 3;
const LEAST_ROUND_BYTES = 320 * 1024;
const MAX_IN_FLIGHT = 16;
const MAX_IN_FLIGHT_PER_PEER = 4;
const MAX_WAITING = 64;
/** Blocks that a pruned node serves (BIP159), less two that may come meanwhile. */
const RECENT_BLOCKS = 288 - 2;
/** Blocks of which is remembered who sent them, until they were looked at. */
const MAX_SENDERS = 32;

export interface BlockFetcherComponents {
  readonly chain: Pick<HeaderChain, "header" | "tip">;
  readonly clock: Clock;
}

interface Job {
  readonly hash: HashHex;
  readonly tried: Set<PeerHandle>;
  readonly result: PromiseWithResolvers<Uint8Array | undefined>;
  /** The gravest thing that happened so far; not having the block is no fault. */
  fault: "TIMEOUT" | "SOURCE_FAULT" | undefined;
  /** Callers that still want it. */
  wanted: number;
  timer: Timer | undefined;
}

/** Blocks by hash from whoever has them: one peer after the other, each block from one at a time. */
export class BlockFetcher {
  readonly #components: BlockFetcherComponents;
  /** Those first that were not asked for longest. */
  readonly #peers = new Map<PeerHandle, Map<HashHex, Job>>();
  /** All jobs; those not with a peer wait in {@linkcode BlockFetcher.#waiting}. */
  readonly #jobs = new Map<HashHex, Job>();
  #waiting: Job[] = [];
  readonly #senders = new Map<HashHex, PeerHandle>();

  constructor(components: BlockFetcherComponents) {
    this.#components = components;
  }

  /** True when some peer serves blocks. */
  available(): boolean {
    return [...this.#peers.keys()].some(({ services }) => servesBlocks(services));
  }

  /** True when `peer` was asked for a block that has not come. */
  expects(peer: PeerHandle): boolean {
    return (this.#peers.get(peer)?.size ?? 0) > 0;
  }

  add(peer: PeerHandle): void {
    this.#peers.set(peer, new Map());
    this.#assign();
  }

  /** A peer is gone: what it was asked for is asked of others. */
  remove(peer: PeerHandle): void {
    const jobs = this.#peers.get(peer);
    if (jobs === undefined) return;
    this.#peers.delete(peer);
    for (const job of jobs.values()) {
      job.fault ??= "TIMEOUT";
      this.#putBack(job);
    }
    this.#assign();
  }

  /** The raw block, `undefined` when nobody has it. As {@linkcode BlockSource.block}. */
  async block(hash: HashHex, { signal }: Abortable = {}): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const job = this.#jobs.get(hash) ?? this.#begin(hash);
    job.wanted++;
    this.#assign();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([job.result.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener("abort", abort);
      if (--job.wanted === 0) this.#giveUp(job);
    }
  }

  /** A peer sent a block. */
  received(peer: PeerHandle, block: Uint8Array): void {
    const hash = displayDoubleSha256(block.subarray(0, HEADER_BYTES));
    const jobs = this.#peers.get(peer);
    const job = jobs?.get(hash);
    if (job === undefined) {
      for (const other of jobs?.values() ?? []) other.fault = "SOURCE_FAULT";
      return peer.drop("unrequested_block", hash);
    }
    jobs?.delete(hash);
    this.#noteSender(hash, peer);
    this.#settle(job, () => job.result.resolve(block));
    this.#assign();
  }

  /** What was sent for `hash` is not that block: whoever sent it is dropped. False when that is not known, or gone. */
  disown(hash: HashHex, code: string): boolean {
    const sender = this.#senders.get(hash);
    this.#senders.delete(hash);
    if (sender === undefined || !this.#peers.has(sender)) return false;
    sender.drop("bad_block", code);
    return true;
  }

  /** A peer does not have what it was asked for. */
  notFound(peer: PeerHandle, items: readonly InventoryItem[]): void {
    const jobs = this.#peers.get(peer);
    for (const { hash } of items) {
      const job = jobs?.get(hash);
      if (job === undefined) continue;
      jobs?.delete(hash);
      this.#putBack(job);
    }
    this.#assign();
  }

  /** Everybody who waits is told that there is nobody to ask. */
  stop(): void {
    for (const job of [...this.#jobs.values()]) {
      this.#settle(job, () => job.result.reject(unavailable("the node is stopping")));
    }
    this.#waiting = [];
    this.#peers.clear();
    this.#senders.clear();
  }

  #noteSender(hash: HashHex, peer: PeerHandle): void {
    this.#senders.delete(hash); // to the end of the queue
    this.#senders.set(hash, peer);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > MAX_SENDERS && oldest !== undefined) this.#senders.delete(oldest);
  }

  #begin(hash: HashHex): Job {
    if (this.#waiting.length >= MAX_WAITING) throw unavailable("too many blocks are asked for");
    const job: Job = {
      hash,
      tried: new Set(),
      result: Promise.withResolvers(),
      fault: undefined,
      wanted: 0,
      timer: undefined,
    };
    job.result.promise.catch(() => {}); // callers who gave up do not look at it
    this.#jobs.set(hash, job);
    this.#waiting.push(job);
    return job;
  }

  /** Hands waiting jobs to peers that have room. */
  #assign(): void {
    this.#waiting = this.#waiting.filter((job) => {
      const able = this.#able(job);
      if (able.length === 0) {
        this.#fail(job);
        return false;
      }
      const [load, peer] = leastLoaded(able);
      if (load >= MAX_IN_FLIGHT_PER_PEER || this.#inFlight() >= MAX_IN_FLIGHT) return true;
      this.#ask(job, peer);
      return false;
    });
  }

  #ask(job: Job, peer: PeerHandle): void {
    job.tried.add(peer);
    const jobs = this.#peers.get(peer) ?? new Map<HashHex, Job>();
    this.#peers.delete(peer);
    this.#peers.set(peer, jobs.set(job.hash, job)); // last now: who asks again for a bad block asks another peer
    this.#await(job, peer);
    // A peer that is dropped by this is taken out at the next turn of the one who assigns.
    queueMicrotask(() =>
      peer.send("getdata", encodeInventory([{ kind: INVENTORY.witnessBlock, hash: job.hash }]))
    );
  }

  /** Drops the peer when the block does not come in time. */
  #await(job: Job, peer: PeerHandle, round = 1): void {
    const before = peer.received;
    job.timer = this.#components.clock.after(ROUND_MS, () => {
      const moves = peer.received - before >= LEAST_ROUND_BYTES;
      if (moves && round < MAX_ROUNDS) this.#await(job, peer, round + 1);
      else peer.drop("stalled_block", job.hash);
    });
  }

  /** Peers that may have a block and were not asked for it, with their load. */
  #able(job: Job): [number, PeerHandle][] {
    const { chain } = this.#components;
    const height = chain.header(job.hash)?.height;
    const recent = height !== undefined && height > chain.tip().height - RECENT_BLOCKS;
    return [...this.#peers]
      .filter(([peer]) => !job.tried.has(peer) && servesBlocks(peer.services, { recent }))
      .map(([peer, jobs]) => [jobs.size, peer]);
  }

  #inFlight(): number {
    return [...this.#peers.values()].reduce((sum, jobs) => sum + jobs.size, 0);
  }

  #putBack(job: Job): void {
    job.timer?.[Symbol.dispose]();
    if (job.wanted === 0) this.#settle(job, () => job.result.resolve(undefined));
    else this.#waiting.push(job);
  }

  #fail(job: Job): void {
    this.#settle(job, () => {
      if (job.tried.size === 0) job.result.reject(unavailable("no Bitcoin node that serves it is connected"));
      else if (job.fault === undefined) job.result.resolve(undefined);
      else {
        const why = job.fault === "TIMEOUT" ? "no node sent it in time" : "a node sent another one";
        job.result.reject(new CommonsError(job.fault, `Cannot fetch the block: ${why}`));
      }
    });
  }

  /** Nobody wants it any more: what was not asked for yet is forgotten, what was may still come. */
  #giveUp(job: Job): void {
    if (this.#jobs.get(job.hash) !== job || !this.#waiting.includes(job)) return;
    this.#waiting = this.#waiting.filter((other) => other !== job);
    this.#settle(job, () => job.result.resolve(undefined));
  }

  #settle(job: Job, how: () => void): void {
    job.timer?.[Symbol.dispose]();
    this.#jobs.delete(job.hash);
    how();
  }
}

function servesBlocks(services: bigint, { recent = true }: { readonly recent?: boolean } = {}): boolean {
  if ((services & SERVICES.witness) === 0n) return false;
  return (services & SERVICES.network) !== 0n || (recent && (services & SERVICES.networkLimited) !== 0n);
}

function leastLoaded(able: readonly [number, PeerHandle][]): [number, PeerHandle] {
  return able.reduce((best, other) => other[0] < best[0] ? other : best);
}

function unavailable(state: string): CommonsError {
  return new CommonsError("UNAVAILABLE", `Cannot fetch the block: ${state}`);
}
