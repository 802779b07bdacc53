import type { ChainHeader } from "./groups.ts";

/** A transaction; bytes are as on the wire, hashes are 64 hex digits in display order. */
export interface ChainTransaction {
  readonly txid: string;
  readonly wtxid: string;
  readonly version: number;
  readonly lock_time: number;
  /** Bytes with witnesses. */
  readonly size: number;
  readonly weight: number;
  readonly inputs: readonly {
    readonly txid: string;
    readonly vout: number;
    readonly script_sig: Uint8Array;
    readonly sequence: number;
    readonly witness: readonly Uint8Array[];
  }[];
  readonly outputs: readonly {
    /** Satoshis. */
    readonly value: bigint;
    readonly script_pubkey: Uint8Array;
  }[];
  readonly raw: Uint8Array;
  /** Null in the mempool. */
  readonly block_hash: string | null;
  readonly height: number | null;
  /** 0 in the mempool; -1 in a block off the best chain. */
  readonly confirmations: number;
  /** True when the node has checked that the block contains it; else the operator's full node said so. */
  readonly verified: boolean;
  /** True when its witnesses, and so `wtxid` and all of `raw`, are the block's too: a Merkle proof shows the txid alone. */
  readonly witness_verified: boolean;
}

/** A block whose proof of work, Merkle root and witness commitment the node has checked; its scripts it has not. */
export interface ChainBlock {
  readonly hash: string;
  readonly height: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  readonly header: ChainHeader;
  /** Bytes with witnesses. */
  readonly size: number;
  readonly weight: number;
  /** In order. */
  readonly txids: readonly string[];
  /** With witnesses, as on the wire. */
  readonly raw: Uint8Array;
}

/** An output that is not spent, as the operator's full node says. */
export interface ChainUtxo {
  /** Satoshis. */
  readonly value: bigint;
  readonly script_pubkey: Uint8Array;
  /** Null when the full node's tip is not on the node's own chain. */
  readonly height: number | null;
  readonly is_coinbase: boolean;
  readonly verified: false;
}

/** Mempool of the operator's full node. Without one: `UNAVAILABLE`. Reading needs `read_mempool`. */
export interface MempoolApi {
  /** Hashes, at most 100,000. */
  getMempoolTransactions(): Promise<readonly string[]>;
  getMempoolTransaction(hash: string): Promise<ChainTransaction | null>;
  /** `size_bytes` are virtual bytes. */
  getMempoolSize(): Promise<
    { readonly transaction_count: number; readonly size_bytes: number; readonly total_fee_sats: number }
  >;
  checkTransactionInMempool(hash: string): Promise<boolean>;
  /** sat/vB for a confirmation within so many blocks, at least 1. */
  getFeeEstimate(targetBlocks: number): Promise<number>;
  /** Hands a signed transaction to the full node; answers its hash. Needs `send_transactions`. */
  sendTransaction(transaction: Uint8Array): Promise<string>;
}

/** Mining through the operator's full node. Without one: `UNAVAILABLE`. */
export interface MiningApi {
  /**
   * The full node's `getblocktemplate` answer (BIP22, BIP23, BIP145). With a script, or an address of the form
   * `hex:<script>`, it has `coinbase_transaction`: a coinbase that pays there, with room for nothing else.
   * Needs `read_blockchain`.
   */
  getBlockTemplate(
    rules?: readonly string[],
    coinbaseScript?: Uint8Array | null,
    coinbaseAddress?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Hands a block to the full node. Needs `submit_block`. */
  submitBlock(
    block: Uint8Array,
  ): Promise<{ readonly status: "accepted" | "rejected" | "duplicate"; readonly reason: string | null }>;
  /**
   * Takes a block that came by another way: its header goes into the chain, the block to the full node where there is
   * one. Needs `queue_inbound_block`.
   */
  queueReceivedBlockBytes(block: Uint8Array): Promise<void>;
}
