/** Most weight units of a block, and so of a transaction (BIP141): four for each byte that is not a witness's. */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** Weight units of a byte outside of the witnesses (BIP141). */
export const WITNESS_SCALE = 4;
/** Most bytes of a block without its witnesses. */
export const MAX_STRIPPED_BYTES = MAX_BLOCK_WEIGHT / WITNESS_SCALE;
/** Least bytes of a valid transaction, without witnesses: one input and one output with empty scripts. */
export const MIN_TRANSACTION_BYTES = 60;
/** Most transactions of a block, by its weight. */
export const MAX_BLOCK_TRANSACTIONS = Math.floor(MAX_STRIPPED_BYTES / MIN_TRANSACTION_BYTES);
