import type { HashHex } from "../base/mod.ts";

/** What a source needs to be told when nobody waits for its answer any more. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** Somewhere raw blocks can be had. Nothing of what it answers is verified. */
export interface BlockSource {
  /** Short and fixed, for logs and metrics: `bitcoin-p2p`, `rpc`. */
  readonly name: string;
  /** True when asking now makes sense: a peer is connected, the node answered last time. */
  available(): boolean;
  /**
   * Bytes of a block with its witnesses (BIP144), `undefined` when the source has no such block.
   * @throws {CommonsError} `UNAVAILABLE` (nobody to ask), `TIMEOUT`, `SOURCE_FAULT` (the answer broke a rule)
   */
  block(hash: HashHex, options?: Abortable): Promise<Uint8Array | undefined>;
  /**
   * What it answered for `hash` is not that block (`code` says why). True when whoever gave it was found and left, so that
   * asking again asks others.
   */
  disown?(hash: HashHex, code: string): boolean;
}

/** A transaction as a full node tells it. */
export interface SourceTransaction {
  /** With its witnesses. */
  readonly raw: Uint8Array;
  /** Block that it says to contain it; `undefined` for one in the mempool. */
  readonly blockHash?: HashHex | undefined;
}

/** An output that nobody has spent, as the full node tells it. */
export interface SourceUtxo {
  readonly sats: bigint;
  readonly scriptPubKey: Uint8Array;
  readonly confirmations: number;
  readonly coinbase: boolean;
  /** Tip of the node when it answered. */
  readonly bestBlock: HashHex;
}

/** One transaction of a mempool. */
export interface MempoolEntry {
  readonly txid: HashHex;
  readonly feeSats: bigint;
  /** Virtual bytes. */
  readonly vsize: number;
  /** Unix seconds when it came. */
  readonly time: number;
}

/**
 * The operator's own full node, over JSON-RPC: believed where nothing here could check it, and said so in the answers
 * (`verified: false`). All methods throw `UNAVAILABLE`, `TIMEOUT`, `SOURCE_FAULT`, or `REFUSED` with the node's own words
 * (cleaned, at most 300 characters).
 */
export interface FullNode extends BlockSource {
  /** Needs the node's transaction index for what is neither in its mempool nor in `blockHash`. */
  transaction(
    txid: HashHex,
    options?: Abortable & { readonly blockHash?: HashHex },
  ): Promise<SourceTransaction | undefined>;
  utxo(
    outpoint: { readonly txid: HashHex; readonly index: number },
    options?: Abortable,
  ): Promise<SourceUtxo | undefined>;
  /** Proof (BIP37 merkle block) that transactions are in a block. */
  txOutProof(txids: readonly HashHex[], blockHash: HashHex, options?: Abortable): Promise<Uint8Array>;
  /** At most `limit` transactions (default 300,000). */
  mempool(options?: Abortable & { readonly limit?: number }): Promise<readonly MempoolEntry[]>;
  /** sat/vB, `undefined` when the node cannot say. */
  feeRate(targetBlocks: number, options?: Abortable): Promise<number | undefined>;
  /** The answer of `getblocktemplate`, as it is. */
  blockTemplate(request: unknown, options?: Abortable): Promise<unknown>;
  /** `undefined` when taken, else the node's reason such as `duplicate`. */
  submitBlock(raw: Uint8Array, options?: Abortable): Promise<string | undefined>;
  sendTransaction(raw: Uint8Array, options?: Abortable): Promise<HashHex>;
}

/** Where sources report what they see, so that disagreement is noticed and progress is told. */
export interface SourceDesk {
  /** The last header that `source` sent or named as its best. */
  noteTip(source: string, tip: { readonly hash: HashHex; readonly height?: number | undefined }): void;
  /** A header or block of `source` broke a rule. */
  noteRefused(source: string, refused: { readonly code: string; readonly hash?: HashHex | undefined }): void;
  /**
   * `source` begins to send many headers, up to a height that it claims. Disposing says that it is done; events and the
   * log tell of the first one that begins, of progress, and of the last one that ends.
   */
  syncing(source: string, claimedHeight: number): Disposable;
  /** `source` is gone. */
  forget(source: string): void;
}
