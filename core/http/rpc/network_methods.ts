import type { ClaimView, PeerView } from "../../p2p/mod.ts";
import type { HttpP2p, NodeFacts } from "../types.ts";
import type { RpcMethod } from "./rpc_method.ts";

type P2p = Pick<HttpP2p, "peers" | "listening" | "claimOf">;

/** What Bitcoin Core says where it does not know. */
const UNKNOWN_HEIGHT = -1;
/** Names of service bits, by bit (contract, section 5). */
const SERVICE_NAMES: ReadonlyMap<number, string> = new Map([[29, "GOVERNANCE"]]);

/** Methods about the network, in the words of Bitcoin Core where they fit. */
export function networkMethods(p2p: P2p, node: NodeFacts): readonly RpcMethod[] {
  return [
    {
      name: "getpeerinfo",
      params: [],
      help:
        "The connected peers. Heights are what they say, -1 when they have said nothing. A ping that was not " +
        "measured yet has no pingtime. libp2p knows neither the peer's version of a protocol nor its clock, and this " +
        "node relays no transactions: version, timeoffset and feefilter are 0, relaytxes is false.",
      admin: false,
      handler: () => p2p.peers().map((peer) => peerInfo(peer, p2p.claimOf(peer.peerId))),
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

function peerInfo(peer: PeerView, claim: ClaimView | undefined) {
  const names = serviceNames(peer.services);
  return {
    id: peer.id,
    peerid: peer.peerId,
    addr: peer.address,
    services: servicesHex(peer.services),
    servicesnames: names,
    servicesStr: names.join("|"),
    relaytxes: false,
    lastsend: seconds(peer.lastSendAt),
    lastrecv: seconds(peer.lastReceivedAt),
    bytessent: peer.bytesSent,
    bytesrecv: peer.bytesReceived,
    conntime: seconds(peer.connectedAt),
    timeoffset: 0,
    ...(peer.pingMs === null ? {} : { pingtime: peer.pingMs / 1000 }),
    version: 0,
    subver: peer.userAgent,
    inbound: peer.direction === "inbound",
    startingheight: claim?.startingHeight ?? UNKNOWN_HEIGHT,
    currentheight: claim?.height ?? UNKNOWN_HEIGHT,
    banscore: peer.banScore,
    whitelisted: peer.kept,
    feefilter: 0,
    syncnode: false,
    transport: peer.transport,
    topics: peer.topics,
  };
}

function networkInfo(p2p: P2p, node: NodeFacts) {
  const peers = p2p.peers();
  const inbound = peers.filter(({ direction }) => direction === "inbound").length;
  const listening = p2p.listening();
  return {
    version: versionNumber(node.version),
    subversion: node.userAgent,
    protocolversion: 1, // of the gossip messages
    localservices: servicesHex(node.services),
    localservicesnames: serviceNames(node.services),
    localrelay: false,
    timeoffset: 0,
    networkactive: true,
    connections: peers.length,
    connections_in: inbound,
    connections_out: peers.length - inbound,
    networks: networksOf(listening),
    relayfee: 0,
    incrementalfee: 0,
    peerid: node.peerId,
    localaddresses: listening.flatMap(localAddress),
    warnings: [],
  };
}

function networksOf(listening: readonly string[]) {
  return (["ipv4", "ipv6"] as const).map((name) => ({
    name,
    limited: false,
    reachable: listening.some((text) => text.startsWith(name === "ipv4" ? "/ip4/" : "/ip6/")),
    proxy: "",
    proxy_randomize_credentials: false,
  }));
}

/** Address and port of a multiaddr, as far as it has them. */
function localAddress(multiaddr: string) {
  const [, address, port] = /^\/(?:ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/(\d+)/.exec(multiaddr) ?? [];
  return address === undefined ? [] : [{ address, port: Number(port), score: 0, multiaddr }];
}

/** `1.2.3` as Bitcoin Core numbers its versions: 10203. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/, 3).map(Number);
  const number = major * 10_000 + minor * 100 + patch;
  return Number.isSafeInteger(number) ? number : 0;
}

/** Unix seconds, 0 for never. */
function seconds(iso: string | null): number {
  return iso === null ? 0 : Math.floor(Date.parse(iso) / 1000);
}

function servicesHex(services: number): string {
  return BigInt(services).toString(16).padStart(16, "0");
}

function serviceNames(services: number): string[] {
  const bits = [...BigInt(services).toString(2)].reverse();
  return bits.flatMap((bit, i) => bit === "1" ? [SERVICE_NAMES.get(i) ?? `UNKNOWN[2^${i}]`] : []);
}
