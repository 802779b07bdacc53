import { CommonsError, type HashHex } from "../../base/mod.ts";
import { type Block, buildMerkleBlock, verifyMerkleBlock } from "../../bitcoin/mod.ts";
import type { HeaderView } from "../types.ts";
import type { VerifiedTxOutProof } from "./types.ts";

/** Makes the proof that transactions are in a block. */
export function proveTransactions(block: Block, txids: readonly HashHex[]): Uint8Array {
  if (txids.length === 0) {
    throw new CommonsError("NO_TRANSACTIONS", "Cannot make a proof: no transactions are named");
  }
  const places = new Map(block.transactions.map(({ txid }, index) => [txid, index]));
  const indexes = [...new Set(txids)].map((txid) => {
    const index = places.get(txid);
    if (index !== undefined) return index;
    throw new CommonsError("TX_NOT_IN_BLOCK", `Cannot make a proof: ${txid} is not in block ${block.hash}`);
  });
  const hashes = block.transactions.map(({ hash }) => hash);
  return buildMerkleBlock({ header: block.headerBytes, hashes, indexes });
}

export interface ProofComponents {
  header(hash: HashHex): HeaderView | undefined;
  /** The block when it is at hand. */
  kept(header: HeaderView): Block | undefined;
}

/** Checks a proof against the header chain; for errors see `BlockService.verifyTxOutProof`. */
export function checkTxOutProof(bytes: Uint8Array, { header, kept }: ProofComponents): VerifiedTxOutProof {
  const { blockHash, matches, total } = verifyMerkleBlock(bytes);
  if (matches.length === 0) fail("PROOF_NO_MATCH", "it shows no transaction");
  const known = header(blockHash);
  if (known === undefined) fail("UNKNOWN_BLOCK", `block ${blockHash} is not known`);
  if (known.confirmations < 1) fail("STALE_BLOCK", `block ${blockHash} is not on the best chain`);
  const block = kept(known);
  if (block !== undefined && block.transactions.length !== total) {
    fail("PROOF_TOTAL", `the block has ${block.transactions.length} transactions, not ${total}`);
  }
  const { height, confirmations } = known;
  return { txids: matches.map(({ txid }) => txid), blockHash, height, confirmations };
}

function fail(code: Uppercase<string>, state: string): never {
  throw new CommonsError(code, `Cannot accept a proof: ${state}`);
}
