import { CommonsError, equalBytes } from "../base/mod.ts";
import type { Block } from "./block.ts";
import { startsWithHeight } from "./coinbase_height.ts";
import { MAX_BLOCK_WEIGHT } from "./limits.ts";
import { merkleRoot } from "./merkle.ts";
import { type WitnessFault, witnessFault } from "./witness_commitment.ts";

/**
 * What can be wrong with a block, in the order in which it is looked at:
 * - `NO_TRANSACTIONS`
 * - `BAD_MERKLE_ROOT`: the transactions are not those of the header
 * - `MERKLE_MUTATED`: the root is right, but a shorter list has the same one (CVE-2012-2459)
 * - `BLOCK_TOO_LARGE`: more than 4,000,000 weight units
 * - `NO_COINBASE`: the first transaction is none
 * - `SECOND_COINBASE`: a later one is
 * - `BAD_COINBASE_LENGTH`: its script has less than 2 or more than 100 bytes
 * - `BAD_COINBASE_HEIGHT`: its script does not begin with the height (BIP 34)
 * - `BAD_WITNESS_RESERVED`: a commitment to witnesses, but not the 32 bytes that belong to it in the coinbase's witness
 * - `BAD_WITNESS_COMMITMENT`: the witnesses are not those that are committed to (BIP 141)
 * - `UNEXPECTED_WITNESS`: witnesses that nothing commits to: anyone could have put them there
 */
export type BlockFault =
  | "NO_TRANSACTIONS"
  | "BAD_MERKLE_ROOT"
  | "MERKLE_MUTATED"
  | "BLOCK_TOO_LARGE"
  | "NO_COINBASE"
  | "SECOND_COINBASE"
  | "BAD_COINBASE_LENGTH"
  | "BAD_COINBASE_HEIGHT"
  | WitnessFault;

/** Rules that depend on the place of a block. */
export interface BlockRules {
  /** Height that the coinbase must begin with; absent: it need not (before BIP 34). */
  readonly height?: number | undefined;
  /** False before segwit was active: no commitment is looked for, and there may be no witnesses. Default true. */
  readonly segwit?: boolean | undefined;
}

/**
 * What is wrong with a block apart from its header, or `undefined`. It is then the block that the header means, byte for
 * byte: every transaction and every witness is bound to the header's hash. Whether the transactions may spend what they
 * spend, and their scripts, amounts and signatures, is not looked at; nor is the header's work.
 */
export function blockFault(block: Block, rules: BlockRules = {}): BlockFault | undefined {
  const [coinbase, ...rest] = block.transactions;
  if (coinbase === undefined) return "NO_TRANSACTIONS";
  const { root, mutated } = merkleRoot(block.transactions.map(({ hash }) => hash));
  if (!equalBytes(root, block.header.merkleRoot)) return "BAD_MERKLE_ROOT";
  if (mutated) return "MERKLE_MUTATED";
  if (block.weight > MAX_BLOCK_WEIGHT) return "BLOCK_TOO_LARGE";
  if (!coinbase.isCoinbase) return "NO_COINBASE"; // also: inner nodes of the tree given out as transactions
  if (rest.some(({ isCoinbase }) => isCoinbase)) return "SECOND_COINBASE";
  const script = coinbase.inputs[0]?.scriptSig ?? new Uint8Array();
  if (script.length < 2 || script.length > 100) return "BAD_COINBASE_LENGTH";
  if (rules.height !== undefined && !startsWithHeight(script, rules.height)) return "BAD_COINBASE_HEIGHT";
  return witnessFault(block.transactions, rules.segwit ?? true);
}

/** @throws {CommonsError} the fault of {@linkcode blockFault} as its code */
export function checkBlock(block: Block, rules: BlockRules = {}): void {
  const fault = blockFault(block, rules);
  if (fault === undefined) return;
  throw new CommonsError(
    fault,
    `Cannot accept block ${block.hash}: ${fault.toLowerCase().replaceAll("_", " ")}`,
  );
}
