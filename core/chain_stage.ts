import type { Clock } from "./base/mod.ts";
import { type HeaderChain, syncStateOf } from "./chain/mod.ts";
import type { Config } from "./config/mod.ts";
import type { ChainStage } from "./p2p/mod.ts";
import { hasSources } from "./start_sources.ts";

const STAGES = { initial: "idle", headers: "catching_up", synced: "running" } as const;

export interface ChainStageParts {
  readonly config: Config;
  readonly chain: Pick<HeaderChain, "params" | "tip" | "base">;
  readonly clock: Clock;
}

/**
 * How far the chain has come, for what the node tells others. Up to date at any time is a node without a source that it
 * could catch up from (what it hears on gossip are new blocks only), and one on regtest, where blocks come when somebody
 * wants one.
 */
export function chainStageOf({ config, chain, clock }: ChainStageParts): () => ChainStage {
  if (!hasSources(config) || config.node.network === "regtest") return () => "running";
  return () => STAGES[syncStateOf(chain, clock.now()).phase];
}
