import type { ConnectionGater, PeerId } from "@libp2p/interface";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { BanGate } from "../bans/mod.ts";
import { type Clock, CommonsError, type PeerIdText, tryPeerIdText } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { parseBootstrapAddress, parsePeerAddress, type PeerAddress } from "./addresses.ts";
import { banGater } from "./ban_gater.ts";
import { allGaters } from "./connection_gater.ts";
import { ConnectionLimits } from "./connection_limits.ts";
import { ConnectionRefusals } from "./connection_refusals.ts";
import { type DhtInit, PUBLIC_BOOTSTRAP } from "./discovery_dht.ts";
import type { Candidate } from "./discovery_skip.ts";
import type { HostInit } from "./host.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";
import { announced, ipOf, ipScope, mayLearn } from "./reachability.ts";
import type { ReachabilityInit } from "./reachability_services.ts";
import { hostNameOf, leadsTo, type ResolveName } from "./resolve_host.ts";
import type { P2pInit } from "./types.ts";

const MAX_BOOTSTRAP = 64;

/** Which addresses the node takes from others. */
export function learnRules(init: Pick<P2pInit, "sharePrivateAddresses" | "relay">) {
  return { sharePrivateAddresses: init.sharePrivateAddresses ?? false, relay: init.relay ?? false };
}

/**
 * The DHT that the settings ask for. A node answers others' questions when they can reach it: always where it was set
 * up for others (told addresses, private ones shared, bootstrap-only), else once it has a public address.
 */
export function dhtInit(init: P2pInit): DhtInit | undefined {
  if (init.dht === "off") return undefined;
  const rules = learnRules(init);
  const reachable = init.bootstrapOnly === true || init.announce.length > 0 || rules.sharePrivateAddresses;
  const role = init.listen.length === 0 ? "client" : reachable ? "server" : "auto";
  return { ...rules, mode: init.dht, protocolPrefix: init.dhtProtocol ?? "/commons", role };
}

/**
 * The entry points of the DHT; those of the public one where it is chosen and none are configured.
 * @throws {CommonsError} `INVALID_MULTIADDR`, `TOO_MANY_PEERS`
 */
export function bootstrapPeers(init: Pick<P2pInit, "dht" | "bootstrap">): Candidate[] {
  const configured = init.bootstrap ?? [];
  if (configured.length > MAX_BOOTSTRAP) {
    throw new CommonsError(
      "TOO_MANY_PEERS",
      `Cannot use ${configured.length} bootstrap peers: at most ${MAX_BOOTSTRAP}`,
    );
  }
  const texts = configured.length === 0 && init.dht === "standard" ? PUBLIC_BOOTSTRAP : configured;
  const byPeer = new Map<PeerIdText, string[]>();
  for (const text of texts) {
    const { address, peerId } = parseBootstrapAddress(text);
    byPeer.set(peerId, [...byPeer.get(peerId) ?? [], address.decapsulate(`/p2p/${peerId}`).toString()]);
  }
  return [...byPeer].map(([peerId, addresses]) => ({ peerId, addresses }));
}

/**
 * Which of the node's own addresses others are told: those that the library has checked and those listened on (with the
 * node's own peer id at the end).
 */
export function announceFilter(
  init: Pick<P2pInit, "announce" | "sharePrivateAddresses" | "autonat">,
  listening: () => readonly string[],
): (own: Multiaddr[]) => Multiaddr[] {
  const rules = {
    announce: init.announce,
    sharePrivateAddresses: init.sharePrivateAddresses ?? false,
  };
  // The library tells a public address only after AutoNAT found it to be reachable. Without AutoNAT that is never, so
  // a public address of the machine itself counts as reachable.
  const trusted = init.announce.length === 0 && init.autonat !== true;
  return (own) => announced(trusted ? [...own, ...listening().map((text) => multiaddr(text))] : own, rules);
}

/** The peers that the node stays connected to. @throws {CommonsError} `INVALID_MULTIADDR` */
export function keptPeers(
  { staticPeers, bootstrap = [], bootstrapPersistent = false }: P2pInit,
): PeerAddress[] {
  const kept = staticPeers.map((text) => parsePeerAddress(text));
  return bootstrapPersistent ? [...kept, ...bootstrap.map((text) => parseBootstrapAddress(text))] : kept;
}

/** IP addresses of the static peers. */
export function staticHosts(init: Pick<P2pInit, "staticPeers">): ReadonlySet<string> {
  const hosts = init.staticPeers.map((text) => ipOf(parsePeerAddress(text).address));
  return new Set(hosts.flatMap((ip) => ip === undefined ? [] : [ip.toString()]));
}

/** Static peers' addresses as the host wants its exemptions; loopback is no exemption for whoever is on the machine. */
export function alwaysAllowed(init: Pick<P2pInit, "staticPeers">): string[] {
  const hosts = init.staticPeers.map((text) => ipOf(parsePeerAddress(text).address));
  return hosts.flatMap((ip) =>
    ip === undefined || ip.range() === "loopback" ? [] : [`/${ip.kind() === "ipv4" ? "ip4" : "ip6"}/${ip}`]
  );
}

export interface LimitingGaterComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly self: PeerIdText;
  /** Peers that the operator chose: their addresses are taken as they are. */
  isChosen(peerId: PeerIdText): boolean;
  /** Default the system's own look-up. */
  readonly resolve?: ResolveName | undefined;
}

/** The gater of the node's own limits and of what addresses it takes. */
export function limitingGater(components: LimitingGaterComponents, init: P2pInit): ConnectionGater {
  const { self, isChosen, resolve, clock } = components;
  const rules = learnRules(init);
  const refusals = new ConnectionRefusals(components);
  const refused = (reason: string, address: Multiaddr) => refusals.add(reason, address);
  const exempt = staticHosts(init);
  const handshakes = new PendingHandshakes({
    exempt,
    onEvicted: (address) => void refused("HANDSHAKES_FULL", address),
  });
  refusals.show(handshakes);
  const limits = new ConnectionLimits({ clock }, {
    perIp: init.maxConnectionsPerIp ?? 8,
    perSubnet: init.maxConnectionsPerSubnet ?? 32,
    exempt,
    // The library closes what is over its limit as far as it is not in use; this ends what goes far beyond.
    total: Math.ceil(init.maxConnections * 1.25),
    // as the library has it, which counts only connections that are open: many handshakes may end at once
    incoming: init.maxConnections,
  });
  const chosen = (peer: PeerId) => {
    const peerId = tryPeerIdText(peer.toString());
    return peerId !== undefined && isChosen(peerId);
  };
  return {
    denyInboundConnection(connection) {
      const refusal = handshakes.begin(connection) ?? limits.admit(connection);
      return refusal !== undefined && refused(refusal, connection.remoteAddr);
    },
    denyInboundUpgradedConnection(_peer, connection) {
      handshakes.finished(connection);
      return false;
    },
    denyOutboundEncryptedConnection(peer, connection) {
      const refusal = chosen(peer) ? undefined : limits.admitOutgoing(connection);
      return refusal !== undefined && refused(refusal, connection.remoteAddr);
    },
    denyInboundEncryptedConnection(peer, connection) {
      const refusal = limits.admitPeer(peer.toString(), connection, { chosen: chosen(peer) });
      return refusal !== undefined && refused(refusal, connection.remoteAddr);
    },
    /** A name that strangers tell looks public, and may stand for a door inside this node's own network. */
    async denyDialMultiaddr(address) {
      const name = rules.sharePrivateAddresses ? undefined : hostNameOf(address);
      const peerId = tryPeerIdText(address.getComponents().findLast((one) => one.name === "p2p")?.value);
      if (name === undefined || peerId !== undefined && isChosen(peerId)) return false;
      const isPrivate = await leadsTo(name, {
        clock,
        resolve,
        isBad: (found) => ipScope(found) !== "public",
      });
      return isPrivate && refused("PRIVATE", address);
    },
    filterMultiaddrForPeer(peer, address) {
      const peerId = tryPeerIdText(peer.toString());
      return peerId === self || (peerId !== undefined && isChosen(peerId)) || mayLearn(address, rules);
    },
  };
}

export interface HostReachabilityComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly identity: { readonly peerId: PeerIdText };
  readonly bans?: BanGate | undefined;
}

/** What the host needs to know of how the node is found and reached. */
export function hostReachability(
  { clock, logger, metrics, bans, identity: { peerId: self } }: HostReachabilityComponents,
  init: P2pInit,
  node: {
    listening(): readonly string[];
    isChosen(peerId: PeerIdText): boolean;
    onLocalPeer: ReachabilityInit["onLocalPeer"];
  },
): Required<Pick<HostInit, "announceFilter" | "dht" | "reachability" | "alwaysAllowed">> & {
  readonly gater: ConnectionGater;
} {
  const { relay, holePunching, autonat, upnp, mdns } = init;
  const entryPoints = new Set(bootstrapPeers(init).map(({ peerId }) => peerId));
  const isChosen = (peerId: PeerIdText) => node.isChosen(peerId) || entryPoints.has(peerId);
  const limits = limitingGater({ clock, logger, metrics, self, isChosen }, init);
  const dht = dhtInit(init);
  return {
    gater: allGaters(bans === undefined ? [limits] : [banGater({ bans, clock, logger }), limits]),
    announceFilter: announceFilter(init, node.listening),
    dht: dht && { ...dht, isBanned: (peerId, address) => isBanned(bans, { peerId, address }) },
    reachability: {
      relay,
      holePunching,
      autonat,
      upnp,
      mdns,
      mdnsTag: mdnsTag(init),
      onLocalPeer: node.onLocalPeer,
    },
    alwaysAllowed: alwaysAllowed(init),
  };
}

function isBanned(
  bans: BanGate | undefined,
  { peerId, address }: { readonly peerId: string; readonly address: string },
): boolean {
  return bans !== undefined && (bans.isBannedPeer(peerId) || bans.isBannedMultiaddr(address));
}

/** A label of DNS (RFC 1035) that nodes of the same gossip network share. */
function mdnsTag({ topicPrefix, network }: Pick<P2pInit, "topicPrefix" | "network">): string {
  return `${topicPrefix}-${network}`.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60).toLowerCase();
}
