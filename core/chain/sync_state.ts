import type { HeaderChain } from "./types.ts";

/** A tip that is older is that of a node that is still catching up (as in Bitcoin Core). */
const MAX_TIP_AGE_MS = 24 * 60 * 60 * 1000;

/** How far the chain has come. */
export interface SyncState {
  /** `initial`: nothing but its first header; `headers`: catching up; `synced`: work and time of the tip are as they should. */
  readonly phase: "initial" | "headers" | "synced";
  /** From 0 to 1, by the tip's time; 1 when synced. */
  readonly progress: number;
}

/**
 * Judges by the chain alone: nobody is asked how long it should be. Synced is a tip not older than a day with at least
 * the work that the network is known to have.
 *
 * @param now Unix milliseconds
 */
export function syncStateOf(chain: Pick<HeaderChain, "params" | "tip" | "base">, now: number): SyncState {
  const tip = chain.tip();
  const worked = BigInt("0x" + tip.chainwork) >= chain.params.minimumChainWork;
  if (worked && now - tip.time * 1000 <= MAX_TIP_AGE_MS) return { phase: "synced", progress: 1 };
  const base = chain.base();
  if (tip.height === base.height) return { phase: "initial", progress: 0 };
  const progress = (tip.time - base.time) / Math.max(1, now / 1000 - base.time);
  return { phase: "headers", progress: Math.min(1, Math.max(0, progress)) };
}
