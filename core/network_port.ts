import type { BanService } from "./bans/mod.ts";
import { CommonsError, type ErrorCode, isCommonsError } from "./base/mod.ts";
import type { NetworkPeer, NetworkPort, NetworkStats } from "./modules/mod.ts";
import type { GossipStats, P2pService, PeerView } from "./p2p/mod.ts";

/**
 * The P2P service as modules see it. Modules start while it is still loaded, so it is asked for at each call.
 * Its methods throw `UNAVAILABLE` until it is there.
 */
export function networkPort(
  find: () => Pick<P2pService, "peers" | "stats" | "keptAddresses"> | undefined,
  bans?: Pick<BanService, "banFor">,
): NetworkPort {
  const need = () => {
    const p2p = find();
    if (p2p) return p2p;
    throw new CommonsError("UNAVAILABLE", "Cannot ask the network: it is still being started");
  };
  return {
    peers: () => need().peers().map(peerOf),
    stats: () => statsOf(need().peers(), need().stats()),
    async ban({ addr, seconds }, module) {
      if (bans === undefined) throw new CommonsError("UNAVAILABLE", "Cannot ban: this node bans no peers");
      try {
        const terms = seconds === undefined ? { until: null } : { durationMs: seconds * 1000 };
        await bans.banFor(module, addr, { ...terms, chosen: chosenPeers(need()) });
      } catch (error) {
        throw moduleFault(error);
      }
    },
  };
}

/** Addresses of the peers that the operator chose: those that are dialled, and those that they are connected from. */
function chosenPeers(p2p: Pick<P2pService, "peers" | "keptAddresses">): string[] {
  const connected = p2p.peers().filter(({ kept }) => kept).map(({ address, peerId }) =>
    address.endsWith(`/p2p/${peerId}`) ? address : `${address}/p2p/${peerId}`
  );
  return [...connected, ...p2p.keptAddresses()];
}

/** What a module is told of a refused ban. */
const TOLD: Readonly<Record<string, ErrorCode>> = {
  INVALID_BAN_TARGET: "INVALID_PARAMS",
  INVALID_BAN_TIME: "INVALID_PARAMS",
  BAN_NOT_ALLOWED: "PERMISSION_DENIED",
  BANS_FULL: "QUOTA_EXCEEDED",
};

function moduleFault(error: unknown): unknown {
  const code = isCommonsError(error) ? TOLD[error.code] : undefined;
  return code === undefined || !isCommonsError(error) ? error : new CommonsError(code, error.message);
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

function statsOf(
  peers: readonly PeerView[],
  { topics, bytesSent, bytesReceived }: GossipStats,
): NetworkStats {
  const inbound = peers.filter(({ direction }) => direction === "inbound").length;
  const sum = (field: "accepted" | "ignored" | "rejected" | "published") =>
    topics.reduce((total, topic) => total + topic[field], 0);
  return {
    peer_count: peers.length,
    inbound_count: inbound,
    outbound_count: peers.length - inbound,
    hash_rate: null,
    bytes_sent: bytesSent,
    bytes_received: bytesReceived,
    gossip: {
      accepted: sum("accepted"),
      ignored: sum("ignored"),
      rejected: sum("rejected"),
      published: sum("published"),
    },
  };
}
