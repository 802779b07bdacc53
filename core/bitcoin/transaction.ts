import { CommonsError } from "../base/mod.ts";
import { CompactReader } from "./compact_reader.ts";
import { MAX_BLOCK_WEIGHT } from "./limits.ts";
import { readTransaction } from "./read_transaction.ts";
import type { Transaction } from "./transaction_types.ts";

/** Options of {@linkcode parseTransaction}. */
export interface ParseTransactionOptions {
  /** Most weight units; default 4,000,000, which no transaction of a block can pass. */
  readonly maxWeight?: number | undefined;
}

/**
 * Reads a transaction, with or without witnesses (BIP144). Checks its form, not what it may do: amounts, scripts and
 * whether its inputs exist are for a full node.
 *
 * @throws {CommonsError} `TRUNCATED`, `TRAILING_BYTES`, `NOT_CANONICAL`, `TOO_LARGE`; `NO_INPUTS` (such a transaction
 * cannot be told from the marker of witnesses, and is never valid), `BAD_WITNESS_FLAG` (another than 1),
 * `SUPERFLUOUS_WITNESS` (marked as having witnesses without any)
 */
export function parseTransaction(bytes: Uint8Array, options: ParseTransactionOptions = {}): Transaction {
  const maxWeight = options.maxWeight ?? MAX_BLOCK_WEIGHT;
  if (bytes.length > maxWeight) throw tooLarge(`${bytes.length} bytes`);
  const reader = new CompactReader(bytes, { what: "a transaction" });
  const transaction = readTransaction(reader);
  reader.end();
  if (transaction.weight > maxWeight) throw tooLarge(`a weight of ${transaction.weight}`);
  return transaction;
}

function tooLarge(state: string): CommonsError {
  return new CommonsError("TOO_LARGE", `Cannot read a transaction: ${state} are too many`);
}
