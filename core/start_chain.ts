import type { Clock, Random } from "./base/mod.ts";
import {
  createSourceDesk,
  type HeaderChain,
  type Mining,
  openHeaderChain,
  type OpenSourceDesk,
  publishSyncState,
} from "./chain/mod.ts";
import { configuredAnchor, warnOfUnusedAnchor } from "./chain_anchor.ts";
import type { Config } from "./config/mod.ts";
import type { EventBus } from "./events/mod.ts";
import { type HeaderExchange, startHeaderExchange } from "./start_header_exchange.ts";
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
  /** Asks and answers other nodes for headers; see {@linkcode HeaderExchange.join}. */
  readonly join: HeaderExchange["join"];
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
  const anchor = configuredAnchor(config);
  const chain = await openHeaderChain(parts, { network: config.node.network, ...(anchor && { anchor }) });
  warnOfUnusedAnchor(anchor, { chain, logger });
  stack.defer(() => chain.close());
  stack.use(publishSyncState({ chain, events, clock }));
  const desk = stack.use(createSourceDesk({ chain, events, clock, logger, metrics }));
  const exchange = startHeaderExchange({ ...parts, chain, desk }, {
    gossip: config.chain.accept_gossip_headers,
  });
  stack.defer(() => exchange.stop());
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
    join: (requests, onAsked) => exchange.join(requests, onAsked),
    ...bitcoin,
    queue,
    stop: () => running.disposeAsync(),
  };
}
