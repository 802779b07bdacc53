import type { Clock, Random } from "./base/mod.ts";
import {
  type BitcoinPeers,
  type BlockService,
  createSourceDesk,
  type HeaderChain,
  type MempoolView,
  type Mining,
  openHeaderChain,
  type OpenSourceDesk,
  publishSyncState,
  type RpcFullNode,
  startGossipSource,
} from "./chain/mod.ts";
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

/** What connects the chain with Bitcoin, as far as the configuration names it. */
export interface BitcoinParts {
  readonly peers?: BitcoinPeers | undefined;
  readonly fullNode?: RpcFullNode | undefined;
  /** Present when there is anybody to ask for blocks. */
  readonly blocks?: BlockService | undefined;
  /** Present with a full node. */
  readonly mempool?: MempoolView | undefined;
  readonly mining?: Mining | undefined;
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

function hasSources({ chain }: Config): boolean {
  return chain.bitcoin_peers.length > 0 || chain.dns_seeds || chain.rpc_url !== "";
}

interface SourceParts extends ChainParts {
  readonly chain: HeaderChain;
  readonly desk: OpenSourceDesk;
  readonly stack: AsyncDisposableStack;
}

/** Loaded only where it is configured: a start without sources is the faster for it. */
async function startSources(
  { chain, desk, events, clock, random, logger, metrics, stack }: SourceParts,
  { config, version }: { readonly config: Config; readonly version: string },
): Promise<BitcoinParts> {
  const sources = await import("./chain/sources/mod.ts");
  const { network } = config.node;
  const { bitcoin_peers, dns_seeds, rpc_url, rpc_cookie_file, rpc_user, rpc_password } = config.chain;
  let attached: RpcFullNode | undefined;
  if (rpc_url !== "") {
    attached = sources.createFullNode({ clock, logger, metrics }, {
      url: rpc_url,
      network,
      cookieFile: rpc_cookie_file || undefined,
      user: rpc_user || undefined,
      password: rpc_password || undefined,
    });
    stack.defer(attached.stop.bind(attached));
    const feed = sources.startHeaderFeed({ rpc: attached, chain, desk, clock, logger });
    stack.defer(() => feed.stop());
  }
  let peers: BitcoinPeers | undefined;
  if (bitcoin_peers.length > 0 || dns_seeds) {
    peers = sources.createBitcoinPeers({ chain, desk, clock, random, logger, metrics }, {
      network,
      peers: bitcoin_peers,
      dnsSeeds: dns_seeds,
      version,
    });
    stack.defer(peers.stop.bind(peers));
    peers.start();
  }
  const fullNode = attached;
  const blocks = sources.createBlockService({
    chain,
    sources: () => peers === undefined ? [] : [peers],
    fullNode,
    desk,
    clock,
    logger,
    metrics,
  });
  stack.defer(() => blocks.close());
  if (fullNode === undefined) return { peers, blocks };
  const mempool = sources.createMempoolView({
    source: fullNode,
    blockTxids: (hash, options) => fullNode.blockTxids(hash, options),
    events,
    clock,
    logger,
    metrics,
  });
  stack.defer(() => mempool.stop());
  return { peers, fullNode, blocks, mempool, mining: sources.createMining({ chain, fullNode, logger }) };
}
