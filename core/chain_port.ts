import type { Clock } from "./base/mod.ts";
import { difficultyOfBits, type HeaderChain, type HeaderView, syncStateOf } from "./chain/mod.ts";
import type { ChainHeader, ChainPort } from "./modules/mod.ts";

/** The header chain as modules see it. */
export function chainPort(
  chain: Pick<HeaderChain, "params" | "tip" | "base" | "header">,
  clock: Clock,
): ChainPort {
  const sync = () => syncStateOf(chain, clock.now());
  return {
    tip: () => chain.tip(),
    header(hash) {
      const view = chain.header(hash);
      return view && chainHeader(view);
    },
    info() {
      const { hash, height, bits, chainwork } = chain.tip();
      return {
        tip_hash: hash,
        height,
        difficulty: difficultyOfBits(bits),
        chain_work: chainwork,
        is_synced: sync().phase === "synced",
      };
    },
    syncStatus() {
      const { phase, progress } = sync();
      return { phase, progress, is_synced: phase === "synced", error_message: null };
    },
  };
}

/** A header as modules see it. */
export function chainHeader(view: HeaderView): ChainHeader {
  return {
    hash: view.hash,
    height: view.height,
    confirmations: view.confirmations,
    version: view.version,
    prev_block_hash: view.previousHash,
    merkle_root: view.merkleRoot,
    timestamp: view.time,
    bits: view.bits,
    nonce: view.nonce,
  };
}
