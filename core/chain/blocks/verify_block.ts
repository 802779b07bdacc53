import { type BitcoinNetwork, CommonsError, equalBytes } from "../../base/mod.ts";
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

/**
 * Reads a block and checks that it is the one that `header` means.
 * @throws {CommonsError} `WRONG_BLOCK` (another header), a code of `parseBlock` or a `BlockFault`
 */
export function verifiedBlock(raw: Uint8Array, header: HeaderView, params: ChainParams): Block {
  if (!equalBytes(raw.subarray(0, header.raw.length), header.raw)) {
    throw new CommonsError(
      "WRONG_BLOCK",
      `Cannot accept block ${header.hash}: the bytes begin with another header`,
    );
  }
  const block = parseBlock(ownBytes(raw));
  checkBlock(block, blockRulesAt(header.height, params));
  return block;
}

/** The bytes in memory of their own: a view would keep all that it is a view of. */
function ownBytes(raw: Uint8Array): Uint8Array {
  return raw.byteLength === raw.buffer.byteLength ? raw : new Uint8Array(raw);
}
