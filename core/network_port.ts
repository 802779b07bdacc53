import { CommonsError } from "./base/mod.ts";
import type { NetworkPeer, NetworkPort, NetworkStats } from "./modules/mod.ts";
import type { GossipStats, P2pService, PeerView } from "./p2p/mod.ts";

/**
 * The P2P service as modules see it. Modules start while it is still loaded, so it is asked for at each call.
 * Its methods throw `UNAVAILABLE` until it is there.
 */
export function networkPort(find: () => Pick<P2pService, "peers" | "stats"> | undefined): NetworkPort {
  const need = () => {
    const p2p = find();
    if (p2p) return p2p;
    throw new CommonsError("UNAVAILABLE", "Cannot ask the network: it is still being started");
  };
  return {
    peers: () => need().peers().map(peerOf),
    stats: () => statsOf(need().peers(), need().stats()),
  };
}

function peerOf(peer: PeerView): NetworkPeer {
  return {
    peer_id: peer.peerId,
    addr: peer.address,
    direction: peer.direction,
    transport_type: peer.transport,
    user_agent: peer.userAgent,
    services: peer.services,
    version: null, // libp2p has one for each protocol, and none for the peer
    connected_since: Math.floor(Date.parse(peer.connectedAt) / 1000),
  };
}

function statsOf(peers: readonly PeerView[], { topics }: GossipStats): NetworkStats {
  const inbound = peers.filter(({ direction }) => direction === "inbound").length;
  const sum = (field: "accepted" | "ignored" | "rejected" | "published") =>
    topics.reduce((total, topic) => total + topic[field], 0);
  return {
    peer_count: peers.length,
    inbound_count: inbound,
    outbound_count: peers.length - inbound,
    hash_rate: null,
    bytes_sent: null,
    bytes_received: null,
    gossip: {
      accepted: sum("accepted"),
      ignored: sum("ignored"),
      rejected: sum("rejected"),
      published: sum("published"),
    },
  };
}
