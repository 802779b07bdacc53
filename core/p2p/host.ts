import { noise } from "@chainsafe/libp2p-noise";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { ComponentLogger, ConnectionGater, ConnectionProtector, Libp2p } from "@libp2p/interface";
import type { KadDHT } from "@libp2p/kad-dht";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import type { Ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2pOptions } from "libp2p";
import { fromHex } from "../base/mod.ts";
import type { Identity } from "../identity/mod.ts";
import { parseAnnounceAddress, parseListenAddress } from "./addresses.ts";
import { batchedYamux } from "./batched_yamux.ts";
import { BoundedDatastore } from "./bounded_datastore.ts";
import { dhtFactory, type DhtInit } from "./discovery_dht.ts";
import { gossipOptions, type GossipOptionsInit } from "./gossip_options.ts";
import { keepVerifyingKeys } from "./kept_keys.ts";
import { assertProtected } from "./reachability.ts";
import { type ReachabilityInit, reachabilityParts } from "./reachability_services.ts";
import type { P2pInit } from "./types.ts";
import { pings, type PingsComponents } from "./pings.ts";
import { webSockets } from "./web_sockets.ts";

const DIAL_TIMEOUT_MS = 10_000;
const HOUR_MS = 3_600_000;

interface HostServices extends Record<string, unknown> {
  identify: Identify;
  ping: Ping;
  pubsub: GossipSub;
  dht?: KadDHT;
}

/** The libp2p node with the services that this node uses. */
export type Host = Libp2p<HostServices>;

export interface HostComponents extends PingsComponents {
  readonly identity: Identity;
  readonly logger: ComponentLogger;
  readonly connectionGater?: ConnectionGater | undefined;
}

export type HostInit =
  & Pick<P2pInit, "listen" | "announce" | "maxConnections" | "sharedKey" | "version">
  & GossipOptionsInit
  & {
    /** Which of the node's own addresses others are told. */
    readonly announceFilter: (own: Multiaddr[]) => Multiaddr[];
    /** Absent without a DHT. */
    readonly dht?: DhtInit | undefined;
    readonly reachability: ReachabilityInit;
    /** Addresses of chosen peers: their connections are neither refused nor closed for lack of room. */
    readonly alwaysAllowed: readonly string[];
  };

/**
 * Builds the libp2p node without starting it. Noise and Yamux at their defaults: under Deno these take
 * ChaCha20-Poly1305, X25519 and SHA-256 from `node:crypto` (WebAssembly for small frames), see `noise` in the tests.
 * @throws {CommonsError} `INVALID_MULTIADDR`, `INVALID_HEX` for the shared key, `SHARED_KEY_BYPASSED`
 */
export async function createHost(components: HostComponents, init: HostInit): Promise<Host> {
  const agent = `commons-node/${init.version}`;
  const [protector, reachability, dht] = await Promise.all([
    connectionProtector(init.sharedKey),
    reachabilityParts(init.reachability),
    init.dht === undefined ? undefined : dhtFactory(components, init.dht),
  ]);
  const transports = [
    { name: "tcp", make: tcp() },
    { name: "websockets", make: webSockets(components) },
    ...reachability.transports,
  ];
  assertProtected(init.sharedKey, transports.map(({ name }) => name));
  keepVerifyingKeys();
  return await createLibp2p<HostServices>({
    start: false,
    privateKey: components.identity.privateKey,
    nodeInfo: { name: "commons-node", version: init.version, userAgent: agent },
    logger: components.logger,
    addresses: {
      listen: [...init.listen.map((text) => parseListenAddress(text).toString()), ...reachability.listen],
      announce: init.announce.map((text) => parseAnnounceAddress(text).toString()),
      announceFilter: init.announceFilter,
    },
    transports: transports.map(({ make }) => make),
    connectionEncrypters: [noise()],
    streamMuxers: [batchedYamux(components)],
    peerDiscovery: [...reachability.peerDiscovery],
    connectionGater: components.connectionGater ?? {},
    ...(protector === undefined ? {} : { connectionProtector: protector }),
    ...storeOptions(components.identity),
    connectionManager: connectionOptions(init),
    // a peer that is busy for a few seconds is not gone: the default closes its connection after five
    connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
    services: {
      identify: identify(),
      ping: pings(components),
      pubsub: gossipsub(gossipOptions(init)),
      ...(dht === undefined ? {} : { dht }),
      ...reachability.services,
    },
  });
}

/**
 * Addresses live as long as the announcements in the DHT that need them, and longer: the library fails the whole
 * question when an announced peer's addresses are gone.
 */
function storeOptions(identity: Identity): Pick<Libp2pOptions, "datastore" | "peerStore"> {
  const self = peerIdFromPrivateKey(identity.privateKey).toCID().toString();
  return {
    datastore: new BoundedDatastore({ pinned: `/peers/${self}` }),
    peerStore: { maxAddressAge: 6 * HOUR_MS, maxPeerAge: 24 * HOUR_MS },
  };
}

function connectionOptions(init: HostInit): NonNullable<Libp2pOptions["connectionManager"]> {
  return {
    maxConnections: init.maxConnections,
    allow: [...init.alwaysAllowed],
    maxIncomingPendingConnections: Infinity, // of all together; the node's own are fair: see `PendingHandshakes`
    inboundConnectionThreshold: 1_000, // the node's own limits are by address and network: see `ConnectionLimits`
    inboundUpgradeTimeout: 10_000,
    dialTimeout: DIAL_TIMEOUT_MS,
    maxParallelDials: 32,
    maxDialQueueLength: 300,
  };
}

/**
 * Protection of a private network, absent for an open one; its library is loaded only for one.
 * @throws {CommonsError} `INVALID_HEX` as {@linkcode assertSharedKey}
 */
export async function connectionProtector(
  sharedKey: string | undefined,
): Promise<(() => ConnectionProtector) | undefined> {
  if (sharedKey === undefined || sharedKey === "") return undefined;
  assertSharedKey(sharedKey);
  const { preSharedKey } = await import("@libp2p/pnet");
  const swarmKey = `/key/swarm/psk/1.0.0/\n/base16/\n${sharedKey.toLowerCase()}`;
  return preSharedKey({ psk: new TextEncoder().encode(swarmKey) });
}

/** @throws {CommonsError} `INVALID_HEX` unless the key is empty or 64 hex digits; the message does not show it */
export function assertSharedKey(sharedKey: string | undefined): void {
  if (sharedKey) fromHex(sharedKey, { length: 32, title: "the shared key" });
}
