import { method, type NodeMethodTable } from "./node_api_types.ts";

/** A connected peer as modules see it: addresses are those that the operator sees. */
export interface NetworkPeer {
  readonly peer_id: string;
  readonly addr: string;
  readonly direction: "inbound" | "outbound";
  readonly transport_type: string;
  readonly user_agent: string;
  /** Bit field. */
  readonly services: number;
  /** Protocol version; null where the transport has none. */
  readonly version: number | null;
  /** Unix seconds. */
  readonly connected_since: number;
}

/** The network in numbers; null is what the node does not know. */
export interface NetworkStats {
  readonly peer_count: number;
  readonly inbound_count: number;
  readonly outbound_count: number;
  /** Hashes a second, from the difficulty of the tip. */
  readonly hash_rate: number | null;
  readonly bytes_sent: number | null;
  readonly bytes_received: number | null;
  /** Gossip messages since the start. */
  readonly gossip: {
    readonly accepted: number;
    readonly ignored: number;
    readonly rejected: number;
    readonly published: number;
  };
}

/** The P2P service as far as modules see it. @throws {CommonsError} `UNAVAILABLE` while it starts */
export interface NetworkPort {
  stats(): NetworkStats;
  peers(): readonly NetworkPeer[];
}

/** `network.getNetworkStats`, `network.getNetworkPeers`. */
export function networkMethods(network: NetworkPort): NodeMethodTable {
  return {
    ...method("network.getNetworkStats", {
      capability: "read_network",
      most: 0,
      run: () => network.stats(),
    }),
    ...method("network.getNetworkPeers", {
      capability: "read_network",
      most: 0,
      run: () => network.peers(),
    }),
  };
}
