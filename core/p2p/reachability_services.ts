import type { PeerInfo } from "@libp2p/interface";
import type { Libp2pOptions } from "libp2p";

/** Ways to be found and reached from behind routers; each is off unless asked for. */
export interface ReachabilityOptions {
  /** Reserves a place on relays that are met, and dials peers over relays. */
  readonly relay?: boolean | undefined;
  /** Turns relayed connections into direct ones (DCUtR). */
  readonly holePunching?: boolean | undefined;
  /** Has peers check which of the node's addresses can be reached, and checks theirs (AutoNAT v2). */
  readonly autonat?: boolean | undefined;
  /** Asks the router for a port (UPnP). */
  readonly upnp?: boolean | undefined;
  /** Finds peers on the local network (multicast DNS). */
  readonly mdns?: boolean | undefined;
}

export interface ReachabilityInit extends ReachabilityOptions {
  /** Peers of other networks on the same wire do not answer to this name. */
  readonly mdnsTag: string;
  /** Called for each peer that multicast DNS finds. */
  readonly onLocalPeer: (peer: PeerInfo) => void;
}

type DiscoveryFactory = NonNullable<Libp2pOptions["peerDiscovery"]>[number];
type TransportFactory = NonNullable<Libp2pOptions["transports"]>[number];
type AnyFactory = NonNullable<Libp2pOptions["services"]>[string];

/** What the options add to the host. */
export interface ReachabilityParts {
  readonly transports: readonly { readonly name: string; readonly make: TransportFactory }[];
  readonly listen: readonly string[];
  readonly services: Readonly<Record<string, AnyFactory>>;
  readonly peerDiscovery: readonly DiscoveryFactory[];
}

/** Loads and makes what is asked for; each package is loaded only for its option. */
export async function reachabilityParts(init: ReachabilityInit): Promise<ReachabilityParts> {
  const [relay, services, peerDiscovery] = await Promise.all([
    init.relay === true ? relayTransport() : [],
    reachabilityServices(init),
    init.mdns === true ? localDiscovery(init) : [],
  ]);
  return { transports: relay, listen: relay.map(() => "/p2p-circuit"), services, peerDiscovery };
}

async function relayTransport(): Promise<ReachabilityParts["transports"]> {
  const { circuitRelayTransport } = await import("@libp2p/circuit-relay-v2");
  return [{ name: "circuit-relay", make: circuitRelayTransport() }];
}

async function reachabilityServices(init: ReachabilityInit): Promise<ReachabilityParts["services"]> {
  const loading: Promise<readonly [string, AnyFactory]>[] = [];
  if (init.holePunching === true) {
    loading.push(import("@libp2p/dcutr").then(({ dcutr }) => ["dcutr", dcutr()] as const));
  }
  if (init.autonat === true) {
    loading.push(import("@libp2p/autonat-v2").then(({ autoNATv2 }) => ["autonat", autoNATv2()] as const));
  }
  if (init.upnp === true) {
    // what the router says is an address like any other: without AutoNAT nobody could confirm it
    const options = { autoConfirmAddress: init.autonat !== true, portMappingDescription: "commons-node" };
    loading.push(import("@libp2p/upnp-nat").then(({ uPnPNAT }) => ["upnp", uPnPNAT(options)] as const));
  }
  return Object.fromEntries(await Promise.all(loading));
}

async function localDiscovery(init: ReachabilityInit): Promise<ReachabilityParts["peerDiscovery"]> {
  const { mdns } = await import("@libp2p/mdns");
  const make = mdns({ serviceTag: `_${init.mdnsTag}._udp.local` });
  return [(components) => {
    const discovery = make(components);
    discovery.addEventListener("peer", ({ detail }) => init.onLocalPeer(detail));
    return discovery;
  }];
}
