import type { Clock, HashHex, Random } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { BitcoinNetwork } from "../base/mod.ts";
import type { RejectedHeader } from "./judge.ts";
import type { ChainParams } from "./params.ts";
import type { HeadersPresync } from "./presync.ts";

/** What the chain needs of others. */
export interface HeaderChainComponents {
  readonly store: Store;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

export interface HeaderChainInit {
  readonly network: BitcoinNetwork;
  /** Where an empty chain begins instead of the genesis header. A chain that has begun elsewhere stays as it is. */
  readonly anchor?: Anchor;
  /** Most headers off the best chain that are stored; default 50,000. What becomes the best chain is always stored. */
  readonly maxStale?: number;
  /** Most headers without a parent that wait; default 1,000. */
  readonly maxOrphans?: number;
}

/** A header that the operator trusts: the chain begins there. */
export interface Anchor {
  readonly height: number;
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** Work of the whole chain up to and with it, below 2^256. */
  readonly chainwork: bigint;
}

/** The last header of the best chain. */
export interface ChainTip {
  readonly hash: HashHex;
  readonly height: number;
  /** Work of the chain in 64 hex digits. */
  readonly chainwork: string;
  /** Unix seconds. */
  readonly time: number;
  /** Compact target. */
  readonly bits: number;
}

/** One header and its place. */
export interface HeaderView extends ChainTip {
  readonly version: number;
  readonly previousHash: HashHex;
  readonly merkleRoot: HashHex;
  readonly nonce: number;
  /** Median time of the last eleven headers up to this one (behind an anchor: of those that are known). */
  readonly medianTime: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  /** The one after it on the best chain. */
  readonly nextHash?: HashHex;
  /** 80 bytes as they are on the wire. */
  readonly raw: Uint8Array<ArrayBuffer>;
}

/** Last header of a branch that is not the best chain. */
export interface StaleTip {
  readonly hash: HashHex;
  readonly height: number;
  readonly chainwork: string;
  /** Headers between it and the best chain. */
  readonly branchLength: number;
}

export interface AcceptOptions {
  /**
   * What becomes of chains that have too little work to matter (below the network's known minimum, or 144 blocks behind
   * the tip). `refuse` (the default) is for strangers, who could fill the disk with cheap headers: such get `LOW_WORK`,
   * and {@linkcode HeaderChain.presync} is the way for them. `store` is for the operator and for headers whose chain's
   * work was counted.
   */
  readonly lowWork?: "store" | "refuse";
  /** Whether headers without a parent wait for it (for sources that come without order, such as gossip). Default false. */
  readonly keepOrphans?: boolean;
}

/** What became of a batch. */
export interface AcceptResult {
  /** New headers, on the best chain or off it. */
  readonly accepted: number;
  /** Headers that were known. */
  readonly duplicate: number;
  readonly rejected: readonly RejectedHeader[];
  /** Headers that had waited for these and were taken now. */
  readonly adopted: number;
  readonly tip: ChainTip;
}

/** Numbers for people and metrics. */
export interface ChainStats {
  /** All headers that are stored, stale ones too. */
  readonly headers: number;
  readonly stale: number;
  readonly orphans: number;
  readonly reorgs: number;
  /** Memory of headers and indexes. */
  readonly bytes: number;
  /** Stored chunks that were damaged when the chain was opened. */
  readonly damagedChunks: number;
}

/**
 * The chain of headers that this node has verified: every rule of proof of work, difficulty, time and version is checked
 * for every header, wherever it comes from. Reading is synchronous and takes the same time at any height.
 */
export interface HeaderChain {
  readonly params: ChainParams;
  tip(): ChainTip;
  /** The first header: genesis, or the anchor. */
  base(): ChainTip;
  /** True when it begins at an anchor. */
  readonly anchored: boolean;
  /** A header of the best chain. */
  headerAt(height: number): HeaderView | undefined;
  /** Any known header, on the best chain or off it. */
  header(hash: HashHex): HeaderView | undefined;
  /** Hash of the best chain at `height`. */
  hashAt(height: number): HashHex | undefined;
  /** Up to `count` headers of the best chain from height `from` on, 80 bytes each. */
  range(from: number, count: number): Uint8Array<ArrayBuffer>;
  /** Hashes that tell another node where this one is: the last ten, then wider and wider apart, then the first. */
  locator(): readonly HashHex[];
  /** Height of the first of `locator` that is on the best chain, or the base's height. */
  forkHeight(locator: readonly HashHex[]): number;
  /** Branches off the best chain, most work first, at most 100. */
  staleTips(): readonly StaleTip[];
  /**
   * Judges concatenated 80-byte headers, at most 50,000. Resolves when the new ones are committed; the events are
   * published then. Batches are judged one after the other.
   *
   * Events, for each change of the tip: `BlockDisconnected` (newest first) and `ChainReorg` when blocks left the best
   * chain; `NewBlock` for each block that came on it, oldest first, but only for the last one when they are more than
   * 144 (catching up is told by `ChainTipUpdated`); `ChainTipUpdated`; `DifficultyAdjusted` with compact bits, when the
   * last new period has others than the one before.
   *
   * @throws {CommonsError} `HEADER_LENGTH`, `BATCH_TOO_LARGE`, `CHAIN_BUSY`, `UNAVAILABLE` after `close`, and those of
   * `Store` when the commit failed; it is tried again with the next batch
   */
  accept(headers: Uint8Array, options?: AcceptOptions): Promise<AcceptResult>;
  /**
   * Begins the chain at a header that the caller trusts, before any header came. The same anchor again is fine.
   * @throws {CommonsError} `CHAIN_NOT_EMPTY`, `INVALID_ANCHOR`, and those of {@linkcode HeaderChain.accept}
   */
  setAnchor(anchor: Anchor): Promise<ChainTip>;
  /**
   * Starts to count the work of a stranger's chain that goes on from the known header `hash`, storing nothing of it.
   * `undefined` when the header is not known.
   */
  presync(hash: HashHex): HeadersPresync | undefined;
  /** Judges the same as {@linkcode AcceptOptions.lowWork}: least work of a chain that is stored for a stranger. */
  leastWork(): bigint;
  stats(): ChainStats;
  /** Resolves when what was asked for is done; nothing is accepted any more. Idempotent. Does not close the store. */
  close(): Promise<void>;
}
