import type { Clock, Random } from "./base/mod.ts";
import type {
  BitcoinPeers,
  BlockService,
  HeaderChain,
  MempoolView,
  Mining,
  RpcFullNode,
  SourceDesk,
} from "./chain/mod.ts";
import type { Config } from "./config/mod.ts";
import type { EventBus } from "./events/mod.ts";
import type { Logger, Metrics } from "./telemetry/mod.ts";

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

export interface SourceParts {
  readonly chain: HeaderChain;
  readonly desk: SourceDesk;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What is started is stopped with it. */
  readonly stack: AsyncDisposableStack;
}

/** Whether the configuration names anybody to ask. */
export function hasSources({ chain }: Config): boolean {
  return chain.bitcoin_peers.length > 0 || chain.dns_seeds || chain.rpc_url !== "";
}

type Sources = typeof import("./chain/sources/mod.ts");

/** Starts the sources. Their code is loaded only here: a start without sources is the faster for it. */
export async function startSources(
  parts: SourceParts,
  { config, version }: { readonly config: Config; readonly version: string },
): Promise<BitcoinParts> {
  const sources = await import("./chain/sources/mod.ts");
  const attached = config.chain.rpc_url === "" ? undefined : attachFullNode(sources, parts, config);
  const peers = startPeers(sources, parts, { config, version });
  const { chain, desk, clock, logger, metrics, stack } = parts;
  const blocks = sources.createBlockService({
    chain,
    sources: () => peers === undefined ? [] : [peers],
    fullNode: attached?.fullNode,
    desk,
    clock,
    logger: logger.child("blocks"),
    metrics,
  });
  stack.defer(() => blocks.close());
  return { peers, blocks, ...attached };
}

function startPeers(
  { createBitcoinPeers }: Sources,
  { chain, desk, clock, random, logger, metrics, stack }: SourceParts,
  { config, version }: { readonly config: Config; readonly version: string },
): BitcoinPeers | undefined {
  const { bitcoin_peers, dns_seeds } = config.chain;
  if (bitcoin_peers.length === 0 && !dns_seeds) return undefined;
  const peers = createBitcoinPeers({ chain, desk, clock, random, logger: logger.child("peers"), metrics }, {
    network: config.node.network,
    peers: bitcoin_peers,
    dnsSeeds: dns_seeds,
    version,
  });
  stack.defer(() => peers.stop());
  peers.start();
  return peers;
}

type Attached = Required<Pick<BitcoinParts, "fullNode" | "mempool" | "mining">>;

/** The operator's own node: its headers, its mempool, and the way to mine. */
function attachFullNode(sources: Sources, parts: SourceParts, config: Config): Attached {
  const { chain, desk, events, clock, metrics, stack } = parts;
  const { rpc_url, rpc_cookie_file, rpc_user, rpc_password, rpc_zmq, mempool_threshold } = config.chain;
  const logger = parts.logger.child("rpc");
  const fullNode = sources.createFullNode({ clock, logger, metrics }, {
    url: rpc_url,
    network: config.node.network,
    cookieFile: rpc_cookie_file || undefined,
    user: rpc_user || undefined,
    password: rpc_password || undefined,
  });
  stack.defer(() => fullNode.stop());
  const feed = sources.startHeaderFeed({ rpc: fullNode, chain, desk, clock, logger });
  stack.defer(() => feed.stop());
  const mempool = sources.createMempoolView({
    source: fullNode,
    blockTxids: (hash, options) => fullNode.blockTxids(hash, options),
    events,
    clock,
    logger,
    metrics,
  }, { thresholds: mempool_threshold === 0 ? [] : [mempool_threshold] });
  stack.defer(() => mempool.stop());
  if (rpc_zmq !== "") {
    const hints = sources.startZmqHints({ clock, logger }, {
      url: rpc_zmq,
      onBlock: () => feed.wake(),
      onTransaction: () => mempool.wake(),
    });
    stack.defer(() => hints.stop());
  }
  return { fullNode, mempool, mining: sources.createMining({ chain, fullNode, logger }) };
}
