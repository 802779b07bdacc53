import { noise } from "@chainsafe/libp2p-noise";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { ComponentLogger, ConnectionGater, ConnectionProtector, Libp2p } from "@libp2p/interface";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { createLibp2p } from "libp2p";
import { fromHex } from "../base/mod.ts";
import type { Identity } from "../identity/mod.ts";
import { parseAnnounceAddress, parseListenAddress } from "./addresses.ts";
import { batchedYamux } from "./batched_yamux.ts";
import { gossipOptions, type GossipOptionsInit } from "./gossip_options.ts";
import { keepVerifyingKeys } from "./kept_keys.ts";
import type { P2pInit } from "./types.ts";

const DIAL_TIMEOUT_MS = 10_000;

/** The libp2p node with the services that this node uses. */
export type Host = Libp2p<{ identify: Identify; ping: Ping; pubsub: GossipSub }>;

export interface HostComponents {
  readonly identity: Identity;
  readonly logger: ComponentLogger;
  readonly connectionGater?: ConnectionGater | undefined;
}

export type HostInit =
  & Pick<P2pInit, "listen" | "announce" | "maxConnections" | "sharedKey" | "version">
  & GossipOptionsInit;

/**
 * Builds the libp2p node without starting it. Noise and Yamux at their defaults: under Deno these take
 * ChaCha20-Poly1305, X25519 and SHA-256 from `node:crypto` (WebAssembly for small frames), see `noise` in the tests.
 * @throws {CommonsError} `INVALID_MULTIADDR`, `INVALID_HEX` for the shared key
 */
export async function createHost(components: HostComponents, init: HostInit): Promise<Host> {
  const agent = `commons-node/${init.version}`;
  const protector = await connectionProtector(init.sharedKey);
  keepVerifyingKeys();
  return await createLibp2p({
    start: false,
    privateKey: components.identity.privateKey,
    nodeInfo: { name: "commons-node", version: init.version, userAgent: agent },
    logger: components.logger,
    addresses: {
      listen: init.listen.map((text) => parseListenAddress(text).toString()),
      announce: init.announce.map((text) => parseAnnounceAddress(text).toString()),
    },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [batchedYamux()],
    ...(protector === undefined ? {} : { connectionProtector: protector }),
    connectionGater: components.connectionGater ?? {},
    connectionManager: {
      maxConnections: init.maxConnections,
      maxIncomingPendingConnections: 16,
      inboundConnectionThreshold: 8, // a second and host
      inboundUpgradeTimeout: 10_000,
      dialTimeout: DIAL_TIMEOUT_MS,
      maxParallelDials: 32,
      maxDialQueueLength: 300,
    },
    // a peer that is busy for a few seconds is not gone: the default closes its connection after five
    connectionMonitor: { pingTimeout: { minTimeout: 20_000 } },
    services: { identify: identify(), ping: ping(), pubsub: gossipsub(gossipOptions(init)) },
  });
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
