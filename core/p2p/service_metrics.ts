import type { Metrics } from "../telemetry/mod.ts";
import { exposeCounters, type TopicCounters } from "./counters.ts";
import type { GossipStats, PeerView } from "./types.ts";

/** What the metrics show of the service; read at each scrape. */
export interface ServiceFacts {
  readonly counters: readonly TopicCounters[];
  peers(): readonly PeerView[];
  stats(): GossipStats;
}

/** Shows peers and gossip in the node's metrics. */
export function exposeService(metrics: Metrics, { counters, peers, stats }: ServiceFacts): void {
  exposeCounters(metrics, counters);
  metrics.collect(
    { name: "commons_p2p_peers", help: "Connected peers by direction", labels: ["direction"] },
    () => {
      const all = peers();
      return (["inbound", "outbound"] as const).map((direction) => [
        all.filter((peer) => peer.direction === direction).length,
        { direction },
      ]);
    },
  );
  metrics.collect(
    { name: "commons_p2p_mesh_peers", help: "Peers in the mesh, by topic", labels: ["topic"] },
    () => stats().topics.map(({ topic, meshPeers }) => [meshPeers, { topic }]),
  );
}
