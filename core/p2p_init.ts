import { resolve } from "node:path";
import type { Config } from "./config/mod.ts";
import type { P2pInit } from "./p2p/mod.ts";
import { SERVICE_BITS } from "./services.ts";

/** What the P2P service is told by the configuration. */
export function p2pInit(
  config: Config,
  node: Pick<P2pInit, "version" | "tip" | "stage" | "bootstrapOnly">,
): P2pInit {
  const { p2p } = config;
  return {
    ...node,
    network: config.node.network,
    name: config.node.name,
    listen: p2p.listen,
    announce: p2p.announce,
    bootstrap: p2p.bootstrap,
    bootstrapPersistent: p2p.bootstrap_persistent,
    staticPeers: p2p.static_peers,
    topicPrefix: p2p.topic_prefix,
    envelope: p2p.envelope,
    listenMode: p2p.listen_mode,
    maxConnections: p2p.max_connections,
    maxConnectionsPerIp: p2p.max_connections_per_ip,
    maxConnectionsPerSubnet: p2p.max_connections_per_subnet,
    sharedKey: p2p.shared_key,
    dataHubUrl: p2p.data_hub_url,
    blacklistedBaseUrls: p2p.blacklisted_base_urls,
    allowedPublishers: p2p.allowed_publishers,
    dht: p2p.dht,
    dhtProtocol: p2p.dht_protocol,
    services: SERVICE_BITS,
    sharePrivateAddresses: p2p.share_private_addresses,
    relay: p2p.relay,
    holePunching: p2p.hole_punching,
    autonat: p2p.autonat,
    upnp: p2p.upnp,
    mdns: p2p.mdns,
    peerCachePath: p2p.peer_cache ? `${resolve(config.node.data_dir)}/peers.json` : undefined,
  };
}
