import { equalBytes } from "../base/mod.ts";
import { hashPair, merkleRoot } from "./merkle.ts";
import type { Transaction } from "./transaction_types.ts";

/** What can be wrong with a block's witnesses; see `BlockFault`. */
export type WitnessFault = "BAD_WITNESS_RESERVED" | "BAD_WITNESS_COMMITMENT" | "UNEXPECTED_WITNESS";

/** OP_RETURN, a push of 36 bytes, and the mark of BIP 141. */
const MARK = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_BYTES = MARK.length + 32;
/** What the reserved bytes add to a coinbase's size: marker and flag, one item, its length, 32 bytes. */
const RESERVED_BYTES = 2 + 1 + 1 + 32;

/** What is wrong with the witnesses of a block's transactions (BIP 141), the first of which is its coinbase. */
export function witnessFault(
  transactions: readonly Transaction[],
  segwit: boolean,
): WitnessFault | undefined {
  const [coinbase] = transactions;
  const commitment = segwit && coinbase !== undefined ? committedHash(coinbase) : undefined;
  if (commitment === undefined) {
    return transactions.some(({ hasWitness }) => hasWitness) ? "UNEXPECTED_WITNESS" : undefined;
  }
  // By its size first: nothing binds this witness yet, and a stranger's may have millions of items.
  if (coinbase === undefined || coinbase.size - coinbase.strippedSize !== RESERVED_BYTES) {
    return "BAD_WITNESS_RESERVED";
  }
  const [reserved] = coinbase.inputs[0]?.witness ?? [];
  if (reserved?.length !== 32) return "BAD_WITNESS_RESERVED";
  const expected = commitmentOf(transactions.slice(1), reserved);
  return equalBytes(expected, commitment) ? undefined : "BAD_WITNESS_COMMITMENT";
}

/** Hash that the coinbase of a block with these other transactions commits to, with 32 reserved bytes. */
export function commitmentOf(others: readonly Transaction[], reserved: Uint8Array): Uint8Array {
  const { root } = merkleRoot([new Uint8Array(32), ...others.map(({ witnessHash }) => witnessHash)]);
  return hashPair(root, reserved);
}

/** Script of the output that commits to `commitment`. */
export function commitmentScript(commitment: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...MARK, ...commitment);
}

/** The last output with the mark counts. */
function committedHash(coinbase: Transaction): Uint8Array | undefined {
  const output = coinbase.outputs.findLast(({ scriptPubKey }) =>
    scriptPubKey.length >= COMMITMENT_BYTES && MARK.every((byte, i) => scriptPubKey[i] === byte)
  );
  return output?.scriptPubKey.subarray(MARK.length, COMMITMENT_BYTES);
}
