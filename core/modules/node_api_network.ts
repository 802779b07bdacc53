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
  /**
   * Bans a peer by the word of a module; `seconds` absent means for good. Resolves when the ban is kept.
   * @throws {CommonsError} `INVALID_PARAMS`, `PERMISSION_DENIED` for peers that the operator chose, `QUOTA_EXCEEDED`,
   * `UNAVAILABLE`
   */
  ban(peer: { readonly addr: string; readonly seconds?: number }, module: string): Promise<void>;
}

/** `addr` of a ban: the longest multiaddrs that `getNetworkPeers` shows, and more. */
const MAX_ADDR = 512;

/** `network.getNetworkStats`, `network.getNetworkPeers`, `network.banPeer`. */
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
    ...method("network.banPeer", {
      capability: "network_access",
      most: 2,
      run: ({ name }, params) => {
        const addr = params.text(0, "addr", MAX_ADDR);
        const seconds = params.wholeNumber({ seconds: params.at(1) }, "seconds") ?? 0;
        return network.ban(seconds === 0 ? { addr } : { addr, seconds }, name);
      },
    }),
  };
}
