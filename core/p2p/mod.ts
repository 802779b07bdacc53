/**
 * The node's place in the peer-to-peer network: libp2p host, gossip with validation before propagation, static peers.
 * @module
 */
export type * from "./request_types.ts";
export * from "./types.ts";
export type { BlockMessage } from "./block_codec.ts";
export type { EnvelopeForm } from "./envelope.ts";
export { hubAddresses, type HubAddressesOptions, type ResolveHost } from "./hub_fetch.ts";
export { HubUrls, type HubUrlsInit, type HubUrlVerdict } from "./hub_urls.ts";
export { PeerRegistry, type PeerRegistryComponents, type Proven } from "./peer_registry.ts";
export { createP2pService } from "./service.ts";
export { topicPath, type TopicSpace } from "./topics.ts";
