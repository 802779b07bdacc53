import type { Metrics } from "../telemetry/mod.ts";
import { exposeCounters, type TopicCounters } from "./counters.ts";
import type { GossipStats, PeerView } from "./types.ts";

/** What the metrics show of the service; read at each scrape. */
export interface ServiceFacts {
  readonly counters: readonly TopicCounters[];
  peers(): readonly PeerView[];
  stats(): GossipStats;
}

/** Scores up to which gossip treats a peer in one way (thresholds of the gossipsub specification, at their defaults). */
const BANDS: readonly (readonly [band: string, below: number])[] = [
  ["graylisted", -80],
  ["not_published_to", -50],
  ["not_gossiped_to", -10],
  ["negative", 0],
  ["neutral", 20],
  ["good", Infinity],
];

/** Shows peers and gossip in the node's metrics. */
export function exposeService(
  metrics: Metrics,
  { counters, peers, stats }: ServiceFacts,
): void {
  exposeCounters(metrics, counters);
  exposePeers(metrics, peers);
  metrics.collect(
    { name: "commons_p2p_mesh_peers", help: "Peers in the mesh, by topic", labels: ["topic"] },
    () => stats().topics.map(({ topic, meshPeers }) => [meshPeers, { topic }]),
  );
  metrics.collect(
    {
      name: "commons_p2p_subscribers",
      help: "Connected peers that have joined, by topic",
      labels: ["topic"],
    },
    () => stats().topics.map(({ topic, subscribers }) => [subscribers, { topic }]),
  );
}

function exposePeers(metrics: Metrics, peers: ServiceFacts["peers"]): void {
  metrics.collect(
    {
      name: "commons_p2p_peers",
      help: "Connected peers by direction and transport",
      labels: ["direction", "transport"],
    },
    () => {
      const all = peers();
      return (["inbound", "outbound"] as const).flatMap((direction) =>
        (["tcp", "ws"] as const).map((transport) =>
          [
            all.filter((peer) => peer.direction === direction && peer.transport === transport).length,
            { direction, transport },
          ] as const
        )
      );
    },
  );
  metrics.collect(
    {
      name: "commons_p2p_peer_scores",
      help: "Connected peers by what gossip's score means for them",
      labels: ["band"],
    },
    () => {
      const counts = BANDS.map(() => 0);
      for (const { score } of peers()) {
        const at = BANDS.findIndex(([, below]) => score < below);
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return BANDS.map(([band], i) => [counts[i] ?? 0, { band }] as const);
    },
  );
}
