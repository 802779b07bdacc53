import { memoryStore } from "../../core/store/mod.ts";
import { type BanService, createBanService } from "../../core/bans/mod.ts";
import { systemClock } from "../../core/base/mod.ts";
import {
  minedHeader,
  RecordingEvents,
  RecordingMetrics,
  silentLogger,
  startNode,
  type TestNode,
} from "../../core/p2p/_fixture.ts";
import type { P2pInit } from "../../core/p2p/mod.ts";
import { eventually } from "./eventually.ts";

/** A node of a network in this process. */
export interface NetworkNode extends TestNode {
  readonly bans: BanService;
}

export interface Network {
  /** The nodes that are on the topics. */
  readonly nodes: readonly NetworkNode[];
  readonly entry: NetworkNode;
  /** One node publishes a new block; answers its hash. */
  publish(node: NetworkNode): Promise<string>;
}

/** Networks of tests have no minutes, and addresses of one machine only. */
const INIT: Partial<P2pInit> = {
  dht: "private",
  sharePrivateAddresses: true,
  discoveryTiming: { lonely: 100, steady: 2_000, readvertiseFirst: 60_000 },
};

/**
 * Starts nodes that find each other through one entry point, which is on no topic, and waits until each has neighbours.
 * All are stopped with the stack.
 */
export async function startNetwork(
  stack: AsyncDisposableStack,
  options: { readonly size: number; readonly maxConnections: number },
): Promise<Network> {
  const entry = stack.use(
    await startNetworkNode({ bootstrapOnly: true, maxConnections: options.size * 2 + 20 }),
  );
  const init = { bootstrap: [entry.address], maxConnections: options.maxConnections };
  const nodes: NetworkNode[] = [];
  for (let i = 0; i < options.size; i++) nodes.push(stack.use(await startNetworkNode(init)));
  for (const node of nodes) {
    await eventually("neighbours of every node", () => neighbours(node).length >= 2);
  }
  let blocks = 0;
  return {
    nodes,
    entry,
    async publish(node) {
      const { hash, header } = minedHeader(++blocks);
      await node.service.publish("block", { Hash: hash, Height: blocks, Header: header });
      return hash;
    },
  };
}

async function startNetworkNode(init: Partial<P2pInit>): Promise<NetworkNode> {
  const bans = createBanService({
    store: memoryStore(),
    clock: systemClock,
    events: new RecordingEvents(),
    logger: silentLogger,
    metrics: new RecordingMetrics(),
  }, { defaultDurationMs: 86_400_000, maxEntries: 1000, threshold: 100 });
  await bans.start();
  const node = await startNode({ init: { ...INIT, ...init }, components: { bans } });
  return {
    ...node,
    address: node.address,
    bans,
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await bans.stop();
    },
  };
}

/** Ids of connected peers that are on the topics. */
export function neighbours({ service }: NetworkNode): string[] {
  return service.peers().filter(({ topics }) => topics.includes("block")).map(({ peerId }) => peerId);
}

/** Whether a node has heard of a block, from others. */
export function knows({ events }: NetworkNode, hash: string): boolean {
  return events.of("BlockAnnounced").some((payload) =>
    typeof payload === "object" && payload !== null && "block_hash" in payload && payload.block_hash === hash
  );
}

/** Waits until all have heard of a block. */
export async function reaches(nodes: Iterable<NetworkNode>, hash: string): Promise<void> {
  for (const node of nodes) await eventually(`block ${hash} everywhere`, () => knows(node, hash));
}

/** Cuts a network in two: each half keeps the other out, and closes what is open. */
export async function part(left: readonly NetworkNode[], right: readonly NetworkNode[]): Promise<void> {
  const cut = (from: readonly NetworkNode[], to: readonly NetworkNode[]) =>
    from.flatMap(({ bans }) => to.map(({ identity }) => bans.ban(identity.peerId)));
  await Promise.all([...cut(left, right), ...cut(right, left)]);
}

/** Lifts every ban. */
export async function heal(nodes: readonly NetworkNode[]): Promise<void> {
  await Promise.all(nodes.map(({ bans }) => bans.clear()));
}
