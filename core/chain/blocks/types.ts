import type { Clock, HashHex } from "../../base/mod.ts";
import type { Block, Transaction } from "../../bitcoin/mod.ts";
import type { Logger, Metrics } from "../../telemetry/mod.ts";
import type { Abortable, BlockSource, FullNode, SourceDesk } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";

/** What the block service needs of others. */
export interface BlockServiceComponents {
  readonly chain: Pick<HeaderChain, "header" | "hashAt" | "params">;
  /** Whom to ask for blocks now, the best first. The full node is asked too, last, when it is not among them. */
  readonly sources: () => readonly BlockSource[];
  readonly fullNode?: FullNode | undefined;
  readonly desk: Pick<SourceDesk, "noteRefused">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

export interface BlockServiceInit {
  /** Bytes of blocks that are kept, with what they take when read; default 64 MiB. 0 keeps none. */
  readonly cacheBytes?: number | undefined;
}

/**
 * A block whose header is in the chain and whose transactions and witnesses are those that the header means. That is all:
 * whether they may spend what they spend, and signet's signatures (BIP 325), are for a full node to say.
 */
export interface FoundBlock {
  readonly hash: HashHex;
  readonly height: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  /** With witnesses. Shared with others: not to be changed. */
  readonly raw: Uint8Array;
  readonly parsed: Block;
}

/** A transaction; its txid is the hash of its bytes in any case. */
export interface FoundTransaction {
  /** Not to be changed. */
  readonly raw: Uint8Array;
  readonly parsed: Transaction;
  /** Block that contains it; where `verified` is false, the full node says so. */
  readonly blockHash?: HashHex | undefined;
  /** Height of that block, when the chain knows its header. */
  readonly height?: number | undefined;
  /** 1 for the tip; -1 off the best chain; absent when the chain does not know the header. */
  readonly confirmations?: number | undefined;
  /** True when it was shown to be in that block; false for the mempool and for the full node's mere word. */
  readonly verified: boolean;
  /**
   * True when its witnesses are bound to the block too: it was found in the block itself. A Merkle proof does not bind
   * them.
   */
  readonly witnessVerified: boolean;
}

/** Whether there is such a transaction. */
export interface TransactionPresence {
  readonly found: boolean;
  /** False when the full node said so and nobody checked, or when the block could not be had. */
  readonly verified: boolean;
}

/** Transaction and number of an output. */
export interface Outpoint {
  readonly txid: HashHex;
  readonly index: number;
}

/** An output that nobody has spent, on the word of the operator's full node: nothing here could check it. */
export interface FoundUtxo {
  readonly sats: bigint;
  readonly scriptPubKey: Uint8Array;
  /** 0 in the mempool. */
  readonly confirmations: number;
  readonly coinbase: boolean;
  /** Height of its block, when the full node's tip is on this node's best chain. */
  readonly height?: number | undefined;
  /** The full node's tip. */
  readonly bestBlock: HashHex;
  readonly verified: false;
}

/** What a tx-out proof shows of this node's chain. */
export interface VerifiedTxOutProof {
  readonly txids: readonly HashHex[];
  readonly blockHash: HashHex;
  readonly height: number;
  readonly confirmations: number;
}

export interface TransactionOptions extends Abortable {
  /** Where to look; without it the full node is asked. */
  readonly blockHash?: HashHex | undefined;
}

/**
 * Blocks and transactions on demand. What is handed out was checked against the node's own headers, or says that it was
 * not. All that wait take a signal and throw its reason when it aborts, `UNAVAILABLE` when there is nobody to ask (or
 * after `close`), `BUSY` when too many ask at once, `TIMEOUT`, `SOURCE_FAULT` when whoever was asked broke a rule.
 */
export interface BlockService {
  /** `undefined` when the chain does not know the header, or no source has the block. */
  block(hash: HashHex, options?: Abortable): Promise<FoundBlock | undefined>;
  /** The block of the best chain at `height`. */
  blockAt(height: number, options?: Abortable): Promise<FoundBlock | undefined>;
  /**
   * With a block hash, from that block: verified. Without, from the full node, and shown by its Merkle proof or by the
   * block when it names one that the chain knows.
   */
  transaction(txid: HashHex, options?: TransactionOptions): Promise<FoundTransaction | undefined>;
  hasTransaction(txid: HashHex, options?: TransactionOptions): Promise<TransactionPresence>;
  /** @throws {CommonsError} also `INVALID_OUTPOINT`, `REFUSED` (the full node's own words) */
  utxo(outpoint: Outpoint, options?: Abortable): Promise<FoundUtxo | undefined>;
  /**
   * Proof that transactions are in a block (BIP 37 Merkle block), made from the verified block. `undefined` when that
   * cannot be had.
   * @throws {CommonsError} also `TX_NOT_IN_BLOCK`, `NO_TRANSACTIONS` (none are named)
   */
  txOutProof(
    txids: readonly HashHex[],
    blockHash: HashHex,
    options?: Abortable,
  ): Promise<Uint8Array | undefined>;
  /**
   * Checks a proof against the header chain. A txid that it shows is a node of the block's Merkle tree; that it is the
   * hash of a transaction only who has the bytes can tell (`verifyTransactionProof`).
   * @throws {CommonsError} those of `verifyMerkleBlock`; `PROOF_NO_MATCH` (it shows nothing), `UNKNOWN_BLOCK` (the chain
   * does not know its header), `STALE_BLOCK` (off the best chain), `PROOF_TOTAL` (another number of transactions)
   */
  verifyTxOutProof(bytes: Uint8Array): VerifiedTxOutProof;
  /** Gives up what is under way; nothing is answered any more. Idempotent. */
  close(): void;
}
