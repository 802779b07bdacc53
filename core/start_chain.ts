import type { Clock, Random } from "./base/mod.ts";
import { type HeaderChain, openHeaderChain, publishSyncState, startGossipSource } from "./chain/mod.ts";
import type { Config } from "./config/mod.ts";
import type { EventBus } from "./events/mod.ts";
import type { Store } from "./store/mod.ts";
import type { Logger, Metrics } from "./telemetry/mod.ts";

export interface ChainParts {
  readonly store: Store;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The header chain with what feeds it; `stop` ends the sources first. */
export interface RunningChain {
  readonly chain: HeaderChain;
  stop(): Promise<void>;
}

/** Opens the header chain and starts the sources that the configuration names. */
export async function startChain(parts: ChainParts, config: Config): Promise<RunningChain> {
  const { events, clock, logger, metrics } = parts;
  await using stack = new AsyncDisposableStack();
  const chain = await openHeaderChain(parts, { network: config.node.network });
  stack.defer(() => chain.close());
  stack.use(publishSyncState({ chain, events, clock }));
  if (config.chain.accept_gossip_headers) {
    const gossip = startGossipSource({ chain, events, logger, metrics });
    stack.defer(() => gossip.stop());
  }
  const running = stack.move();
  return { chain, stop: () => running.disposeAsync() };
}
