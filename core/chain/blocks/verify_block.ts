import { afterTurn, type BitcoinNetwork, CommonsError, equalBytes } from "../../base/mod.ts";
import { type Block, type BlockRules, checkBlock, parseBlock } from "../../bitcoin/mod.ts";
import type { ChainParams } from "../params.ts";
import type { HeaderView } from "../types.ts";

/** Heights from which blocks commit to their witnesses (Bitcoin Core `kernel/chainparams.cpp`, v29). */
const SEGWIT_HEIGHTS: Readonly<Record<BitcoinNetwork, number>> = Object.freeze({
  mainnet: 481_824,
  testnet: 834_624,
  testnet4: 1,
  signet: 1,
  regtest: 0,
});

/** Rules of a block at `height`. */
export function blockRulesAt(height: number, { network, bip34Height }: ChainParams): BlockRules {
  return {
    segwit: height >= SEGWIT_HEIGHTS[network],
    height: height > 0 && height >= bip34Height ? height : undefined,
  };
}

/** Transactions that are hashed before others have their turn: a full block has 16,000, for a tenth of a second. */
const HASHES_PER_TURN = 500;

/**
 * Reads a block and checks that it is the one that `header` means.
 * @throws {CommonsError} `WRONG_BLOCK` (another header), a code of `parseBlock` or a `BlockFault`
 */
export async function verifiedBlock(
  raw: Uint8Array,
  { header, params, signal }: VerifyOptions,
): Promise<Block> {
  if (!equalBytes(raw.subarray(0, header.raw.length), header.raw)) {
    throw new CommonsError(
      "WRONG_BLOCK",
      `Cannot accept block ${header.hash}: the bytes begin with another header`,
    );
  }
  const block = parseBlock(ownBytes(raw));
  await computeHashes(block, signal);
  checkBlock(block, blockRulesAt(header.height, params));
  return block;
}

export interface VerifyOptions {
  readonly header: HeaderView;
  readonly params: ChainParams;
  readonly signal: AbortSignal;
}

/** Has the transactions compute their hashes, which they keep, without holding up everything else. */
async function computeHashes({ transactions }: Block, signal: AbortSignal): Promise<void> {
  for (const [i, transaction] of transactions.entries()) {
    if (i % HASHES_PER_TURN === HASHES_PER_TURN - 1) {
      await new Promise<void>((resolve) => afterTurn(resolve));
      signal.throwIfAborted();
    }
    void transaction.hash;
    void transaction.witnessHash;
  }
}

/** The bytes in memory of their own: a view would keep all that it is a view of. */
function ownBytes(raw: Uint8Array): Uint8Array {
  return raw.byteLength === raw.buffer.byteLength ? raw : new Uint8Array(raw);
}
