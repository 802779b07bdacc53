import { type BanService, createBanService } from "../../core/bans/mod.ts";
import { systemClock } from "../../core/base/mod.ts";
import {
  RecordingEvents,
  RecordingMetrics,
  silentLogger,
  startNode,
  type TestNode,
} from "../../core/p2p/_fixture.ts";
import type { P2pInit } from "../../core/p2p/mod.ts";
import { memoryStore } from "../../core/store/mod.ts";

/** A node of a network in this process. */
export interface NetworkNode extends TestNode {
  readonly bans: BanService;
}

/**
 * Networks of tests have no minutes, and addresses of one machine only, whose cores all nodes share: a round of thirty nodes
 * through the DHT takes seconds of them.
 */
const INIT: Partial<P2pInit> = {
  dht: "private",
  sharePrivateAddresses: true,
  discoveryTiming: { lonely: 100, steady: 15_000, explore: 20_000, readvertiseFirst: 60_000 },
};

/** Starts a node that other nodes of this machine find. */
export async function startNetworkNode(init: Partial<P2pInit>): Promise<NetworkNode> {
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

/** Hashes of the blocks that a node has heard of, from others. */
export function announced({ events }: NetworkNode): string[] {
  return events.of("BlockAnnounced").flatMap((payload) =>
    typeof payload === "object" && payload !== null && "block_hash" in payload
      ? [String(payload.block_hash)]
      : []
  );
}

/** Whether a node has heard of a block, from others. */
export function knows(node: NetworkNode, hash: string): boolean {
  return announced(node).includes(hash);
}
