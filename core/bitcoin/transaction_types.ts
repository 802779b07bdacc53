import type { HashHex } from "../base/mod.ts";

/** What a transaction spends. */
export interface TransactionInput {
  /** Transaction whose output is spent; 64 zeros in a coinbase. */
  readonly txid: HashHex;
  /** Number of that output; 0xffffffff in a coinbase. */
  readonly index: number;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  /** Empty where there is none. */
  readonly witness: readonly Uint8Array[];
}

export interface TransactionOutput {
  /** As it is written: consensus allows 0 to 21 million times 10^8, the format any 64 bits. */
  readonly sats: bigint;
  readonly scriptPubKey: Uint8Array;
}

/** What a transaction says. */
export interface TransactionParts {
  /** 0 to 2^32 − 1. */
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
}

/**
 * A transaction that was read from bytes. Its byte arrays are views of those: who keeps one keeps them all, and who
 * changes one changes the others. Hashes are computed when they are first asked for.
 */
export interface Transaction extends TransactionParts {
  /** Hash without witnesses. */
  readonly txid: HashHex;
  /** Hash with witnesses (BIP141); the same where there are none. */
  readonly wtxid: HashHex;
  /** `txid` as 32 bytes in wire order. */
  readonly hash: Uint8Array;
  /** `wtxid` as 32 bytes in wire order. */
  readonly witnessHash: Uint8Array;
  readonly isCoinbase: boolean;
  readonly hasWitness: boolean;
  /** Bytes with witnesses. */
  readonly size: number;
  /** Bytes without witnesses. */
  readonly strippedSize: number;
  /** Three times the stripped size, plus the size. */
  readonly weight: number;
  /** A quarter of the weight, rounded up. */
  readonly vsize: number;
  /** With witnesses, as they were given. */
  readonly raw: Uint8Array;
}
