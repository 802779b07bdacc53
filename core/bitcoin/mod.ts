/**
 * Bitcoin's formats, without I/O: transactions, blocks, Merkle trees and proofs, the messages of its network.
 * @module
 */
export { CompactReader, type CompactReaderOptions } from "./compact_reader.ts";
export { CompactWriter } from "./compact_writer.ts";
export {
  MAX_BLOCK_TRANSACTIONS,
  MAX_BLOCK_WEIGHT,
  MAX_STRIPPED_BYTES,
  MIN_TRANSACTION_BYTES,
  WITNESS_SCALE,
} from "./limits.ts";
export {
  serializeOutput,
  serializeTransaction,
  type SerializeTransactionOptions,
} from "./serialize_transaction.ts";
export { parseTransaction, type ParseTransactionOptions } from "./transaction.ts";
export type * from "./transaction_types.ts";
