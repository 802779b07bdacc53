import type { PeerView } from "../../p2p/mod.ts";
import type { HttpP2p, NodeFacts } from "../types.ts";
import type { RpcMethod } from "./rpc_method.ts";

/** Methods about the network, in the words of Bitcoin Core where they fit. */
export function networkMethods(
  p2p: Pick<HttpP2p, "peers" | "listening">,
  node: NodeFacts,
): readonly RpcMethod[] {
  return [
    {
      name: "getpeerinfo",
      params: [],
      help: "The connected peers.",
      admin: false,
      handler: () => p2p.peers().map(peerInfo),
    },
    {
      name: "getnetworkinfo",
      params: [],
      help: "This node in the network.",
      admin: false,
      handler: () => networkInfo(p2p, node),
    },
  ];
}

function peerInfo(peer: PeerView, id: number) {
  return {
    id,
    peerid: peer.peerId,
    addr: peer.address,
    services: servicesHex(peer.services),
    subver: peer.userAgent,
    inbound: peer.direction === "inbound",
    conntime: Math.floor(Date.parse(peer.connectedAt) / 1000),
    transport: peer.transport,
    banscore: peer.banScore,
    topics: peer.topics,
  };
}

function networkInfo(p2p: Pick<HttpP2p, "peers" | "listening">, node: NodeFacts) {
  const peers = p2p.peers();
  const inbound = peers.filter(({ direction }) => direction === "inbound").length;
  return {
    version: node.version,
    subversion: node.userAgent,
    localservices: servicesHex(node.services),
    networkactive: true,
    connections: peers.length,
    connections_in: inbound,
    connections_out: peers.length - inbound,
    peerid: node.peerId,
    localaddresses: p2p.listening(),
    warnings: [],
  };
}

function servicesHex(services: number): string {
  return BigInt(services).toString(16).padStart(16, "0");
}
