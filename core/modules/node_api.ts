import type { EventBus } from "../events/mod.ts";
import type { ModuleMetrics } from "./module_metrics.ts";
import { blockMethods, type BlocksPort } from "./node_api_blocks.ts";
import { chainMethods, type ChainPort } from "./node_api_chain.ts";
import { eventMethods } from "./node_api_events.ts";
import { fileMethods } from "./node_api_files.ts";
import { mempoolMethods, type MempoolPort } from "./node_api_mempool.ts";
import { metricMethods } from "./node_api_metrics.ts";
import {
  inboundBlockMethods,
  type InboundBlocksPort,
  miningMethods,
  type MiningPort,
} from "./node_api_mining.ts";
import { moduleMethods } from "./node_api_modules.ts";
import { networkMethods, type NetworkPort } from "./node_api_network.ts";
import { registrationMethods, type Registries } from "./node_api_registration.ts";
import { storageMethods } from "./node_api_storage.ts";
import { method, type ModuleDirectory, type NodeMethodTable } from "./node_api_types.ts";
import { unavailableMethods } from "./node_api_unavailable.ts";

export interface NodeApiComponents extends Registries {
  readonly events: EventBus;
  readonly modules: ModuleDirectory;
  readonly metrics: ModuleMetrics;
  /** Absent in a node without a chain. */
  readonly chain?: ChainPort | undefined;
  /** Absent in a node without a source of blocks. */
  readonly blocks?: BlocksPort | undefined;
  /** Absent in a node without a full node to ask. */
  readonly mempool?: MempoolPort | undefined;
  readonly mining?: MiningPort | undefined;
  /** Absent in a node without a chain. */
  readonly inboundBlocks?: InboundBlocksPort | undefined;
  /** Absent in a node without peers. */
  readonly network?: NetworkPort | undefined;
  /** What `node.info` answers; public facts only. Called for each call: keep it cheap. */
  readonly nodeInfo: () => Readonly<Record<string, unknown>>;
}

/**
 * Every method that a module can call, by its name on the wire. There is no other way from a cell into the node; nothing
 * here can change a consensus rule, touch the node's keys or reach another module but through `modules.call`.
 */
export function createNodeMethods(components: NodeApiComponents): NodeMethodTable {
  const { events, modules, metrics, network, chain, blocks, mempool, mining, inboundBlocks, nodeInfo } =
    components;
  return Object.freeze({
    ...unavailableMethods,
    ...method("node.info", { capability: null, most: 0, run: () => nodeInfo() }),
    ...eventMethods(events),
    ...registrationMethods(components),
    ...moduleMethods(modules),
    ...storageMethods,
    ...fileMethods,
    ...metricMethods({ metrics, modules }),
    ...(chain === undefined ? {} : chainMethods(chain)),
    ...(blocks === undefined ? {} : blockMethods(blocks)),
    ...(mempool === undefined ? {} : mempoolMethods(mempool)),
    ...(mining === undefined ? {} : miningMethods(mining)),
    ...(inboundBlocks === undefined ? {} : inboundBlockMethods(inboundBlocks)),
    ...(network === undefined ? {} : networkMethods(network)),
  });
}
