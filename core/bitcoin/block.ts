import {
  type BlockHeader,
  CommonsError,
  displayDoubleSha256,
  type HashHex,
  HEADER_BYTES,
  parseHeader,
} from "../base/mod.ts";
import { CompactReader } from "./compact_reader.ts";
import { MAX_BLOCK_TRANSACTIONS, MAX_BLOCK_WEIGHT, MAX_STRIPPED_BYTES, WITNESS_SCALE } from "./limits.ts";
import { readTransaction } from "./read_transaction.ts";
import type { Transaction } from "./transaction_types.ts";

/** Least bytes of a transaction that can be read: one input, no output. */
const LEAST_BYTES = 51;

/** A block that was read from bytes; its byte arrays are views of those, as a transaction's are. */
export interface Block {
  readonly header: BlockHeader;
  /** 80 bytes. */
  readonly headerBytes: Uint8Array;
  readonly hash: HashHex;
  /** In their order; the first should be the coinbase. */
  readonly transactions: readonly Transaction[];
  /** Bytes with witnesses. */
  readonly size: number;
  /** Bytes without witnesses. */
  readonly strippedSize: number;
  readonly weight: number;
  /** With witnesses, as they were given. */
  readonly raw: Uint8Array;
}

/**
 * Reads a block (BIP144) of at most 4,000,000 bytes, 1,000,000 of them outside of witnesses. Its form only: for what the
 * transactions must be together see {@linkcode blockFault}.
 *
 * @throws {CommonsError} `TOO_LARGE`, and all of {@linkcode parseTransaction}
 */
export function parseBlock(bytes: Uint8Array): Block {
  if (bytes.length > MAX_BLOCK_WEIGHT) throw tooLarge(`${bytes.length} bytes`);
  const reader = new CompactReader(bytes, { what: "a block" });
  const headerBytes = reader.take(HEADER_BYTES);
  const start = reader.offset;
  const count = reader.count(LEAST_BYTES, MAX_BLOCK_TRANSACTIONS);
  let strippedSize = HEADER_BYTES + reader.offset - start;
  const transactions: Transaction[] = [];
  for (let i = 0; i < count; i++) {
    const transaction = readTransaction(reader);
    strippedSize += transaction.strippedSize;
    if (strippedSize > MAX_STRIPPED_BYTES) throw tooLarge(`${strippedSize} bytes without witnesses`);
    transactions.push(transaction);
  }
  reader.end();
  return {
    header: parseHeader(headerBytes),
    headerBytes,
    hash: displayDoubleSha256(headerBytes),
    transactions,
    size: bytes.length,
    strippedSize,
    weight: strippedSize * (WITNESS_SCALE - 1) + bytes.length,
    raw: bytes,
  };
}

function tooLarge(state: string): CommonsError {
  return new CommonsError("TOO_LARGE", `Cannot read a block: ${state} are too many`);
}
