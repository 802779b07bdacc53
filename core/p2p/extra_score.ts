import { REPUTATION } from "./peer_registry_reputation.ts";

/** Enough for a peer of the operator's choice to stay in every mesh. */
const STATIC_EXTRA = 20;

export interface ExtraScoreComponents {
  /** True for peers that the operator chose. */
  isStatic(peerId: string): boolean;
  /** From 0 to 100; absent: everybody is a newcomer. */
  readonly reputationOf?: ((peerId: string) => number) | undefined;
}

/** What gossip's own score of a peer does not know: from -1 to 1 by its reputation, and that the operator chose it. */
export function extraScore(peerId: string, { isStatic, reputationOf }: ExtraScoreComponents): number {
  const reputation = reputationOf?.(peerId) ?? REPUTATION.newcomer;
  return reputation / REPUTATION.newcomer - 1 + (isStatic(peerId) ? STATIC_EXTRA : 0);
}
