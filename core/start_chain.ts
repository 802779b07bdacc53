import type { Clock, Random } from "./base/mod.ts";
import {
  createSourceDesk,
  type HeaderChain,
  type Mining,
  openHeaderChain,
  type OpenSourceDesk,
  publishSyncState,
  startGossipSource,
} from "./chain/mod.ts";
import type { Config } from "./config/mod.ts";
import type { EventBus } from "./events/mod.ts";
import { type BitcoinParts, hasSources, startSources } from "./start_sources.ts";
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
export interface RunningChain extends BitcoinParts {
  readonly chain: HeaderChain;
  readonly desk: OpenSourceDesk;
  /** Takes a block that came by another way; see {@linkcode Mining.queue}. */
  readonly queue: Mining["queue"];
  stop(): Promise<void>;
}

/** Opens the header chain and starts the sources that the configuration names. */
export async function startChain(
  parts: ChainParts,
  { config, version }: { readonly config: Config; readonly version: string },
): Promise<RunningChain> {
  const { events, clock, logger, metrics } = parts;
  await using stack = new AsyncDisposableStack();
  const chain = await openHeaderChain(parts, { network: config.node.network });
  stack.defer(() => chain.close());
  stack.use(publishSyncState({ chain, events, clock }));
  const desk = stack.use(createSourceDesk({ chain, events, clock, logger, metrics }));
  if (config.chain.accept_gossip_headers) {
    const gossip = startGossipSource({ chain, events, logger, metrics });
    stack.defer(() => gossip.stop());
  }
  const bitcoin: BitcoinParts = hasSources(config)
    ? await startSources({ ...parts, chain, desk, stack }, { config, version })
    : {};
  const running = stack.move();
  let mining = bitcoin.mining && Promise.resolve(bitcoin.mining);
  const queue: Mining["queue"] = async (raw, from) => {
    mining ??= import("./chain/sources/mod.ts").then(({ createMining }) => createMining({ chain, logger }));
    await (await mining).queue(raw, from);
  };
  return {
    chain,
    desk,
    ...bitcoin,
    queue,
    stop: () => running.disposeAsync(),
  };
}
