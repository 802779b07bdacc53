import { CommonsError } from "../base/mod.ts";
import { type MerkleProof, verifyMerkleBlock } from "./merkle_proof.ts";
import { parseTransaction } from "./transaction.ts";
import type { Transaction } from "./transaction_types.ts";

/** Bytes of two hashes: what a node of the tree is the hash of. */
const NODE_BYTES = 64;

/** What is to be shown, and by what. */
export interface TransactionProofParts {
  /** Merkle block that has the transaction among its matches. */
  readonly proof: Uint8Array;
  /** The transaction's bytes, with or without witnesses. */
  readonly transaction: Uint8Array;
  /** Coinbase of the same block, for the depth of the tree. */
  readonly coinbase?: CoinbaseProof | undefined;
}

/** The first transaction of the block. */
export interface CoinbaseProof {
  readonly transaction: Uint8Array;
  /** Merkle block that has it; absent: the transaction's own has it too. */
  readonly proof?: Uint8Array | undefined;
}

/** A transaction that is in a block. */
export interface TransactionProof {
  readonly proof: MerkleProof;
  readonly transaction: Transaction;
  /** Place among the block's transactions. */
  readonly index: number;
  /** True when the coinbase fixes the depth of the tree: then the leaf is a transaction, whoever mined the block. */
  readonly depthChecked: boolean;
}

/**
 * Checks that a transaction is in the block of a Merkle proof's header. Whether that header is on the chain is for the
 * header chain to say. Witnesses are not bound by a Merkle proof: the txid leaves them out.
 *
 * The guard against 64-byte transactions (CVE-2017-12842):
 * - A transaction of 64 bytes without witnesses is refused: it could be a node of the tree.
 * - A node below a real transaction of 64 bytes could be given out as a transaction of any size. Whoever wants that needs
 *   a miner's work for such a transaction and in the order of 2^60 hashes besides. With the `coinbase` it is ruled out: a
 *   coinbase at the first place of a tree of the same size says how deep the tree is. Without it, `depthChecked` is
 *   false, and a payment worth such an effort should wait for the whole block.
 *
 * @throws {CommonsError} those of {@linkcode parseTransaction} and {@linkcode verifyMerkleBlock};
 * `TRANSACTION_64_BYTES`, `PROOF_OTHER_TRANSACTION` (not among the matches), `PROOF_DEPTH` (the coinbase is none, is not
 * at the first place, or is of another block or tree)
 */
export function verifyTransactionProof(parts: TransactionProofParts): TransactionProof {
  const proof = verifyMerkleBlock(parts.proof);
  const transaction = parseTransaction(parts.transaction);
  const index = placeOf(transaction, proof);
  if (parts.coinbase !== undefined) checkDepth(parts.coinbase, proof);
  const isFirst = index === 0 && transaction.isCoinbase;
  return { proof, transaction, index, depthChecked: isFirst || parts.coinbase !== undefined };
}

function placeOf(transaction: Transaction, proof: MerkleProof): number {
  if (transaction.strippedSize === NODE_BYTES) {
    fail("TRANSACTION_64_BYTES", "its 64 bytes could be two hashes of the tree");
  }
  const match = proof.matches.find(({ txid }) => txid === transaction.txid);
  if (match === undefined) fail("PROOF_OTHER_TRANSACTION", `it does not show ${transaction.txid}`);
  return match.index;
}

function checkDepth(coinbase: CoinbaseProof, proof: MerkleProof): void {
  const other = coinbase.proof === undefined ? proof : verifyMerkleBlock(coinbase.proof);
  if (other.blockHash !== proof.blockHash) fail("PROOF_DEPTH", "the coinbase is of another block");
  if (other.total !== proof.total) fail("PROOF_DEPTH", "the coinbase is of a tree of another size");
  const transaction = parseTransaction(coinbase.transaction);
  if (!transaction.isCoinbase) fail("PROOF_DEPTH", "what is given as the coinbase is none");
  if (placeOf(transaction, other) !== 0) fail("PROOF_DEPTH", "the coinbase is not the first transaction");
}

function fail(code: Uppercase<string>, state: string): never {
  throw new CommonsError(code, `Cannot accept a transaction's proof: ${state}`);
}
