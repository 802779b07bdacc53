/**
 * The chain of block headers, checked by the node itself: rules of proof of work, forks and reorganisations, storage.
 * @module
 */
export type * from "./blocks/types.ts";
export { assertAnchor } from "./anchor.ts";
export {
  bitsFromTarget,
  difficultyOfBits,
  targetOfBits,
  workHex,
  workOfBits,
  workOfTarget,
} from "./compact.ts";
export type { HeaderFault, RuleFault } from "./fault.ts";
export type {
  FullNodeComponents,
  FullNodeInit,
  FullNodeStatus,
  HeaderRpc,
  RpcFullNode,
} from "./full_node/full_node.ts";
export type { HeaderFeed, HeaderFeedComponents, HeaderFeedInit } from "./full_node/header_feed.ts";
export type { ZmqHints, ZmqHintsComponents, ZmqHintsInit } from "./full_node/zmq_hints.ts";
export type { LoginInit, ReadCookie } from "./full_node/login.ts";
export type { NodeState } from "./full_node/availability.ts";
export type { NodeChainInfo } from "./full_node/node_identity.ts";
export { type GossipSource, type GossipSourceComponents, startGossipSource } from "./gossip_source.ts";
export { openHeaderChain } from "./header_chain.ts";
export type { FeeEstimate } from "./mempool/fee_estimates.ts";
export type {
  MempoolSize,
  MempoolView,
  MempoolViewComponents,
  MempoolViewInit,
} from "./mempool/mempool_view.ts";
export type { Mining, MiningComponents, SubmittedBlock } from "./mining/mining.ts";
export type { RejectedHeader } from "./judge.ts";
export {
  type ChainParams,
  chainParams,
  MAX_FUTURE_SECONDS,
  RETARGET_INTERVAL,
  TARGET_SPACING,
  TARGET_TIMESPAN,
} from "./params.ts";
export type { BitcoinPeers, BitcoinPeersComponents, BitcoinPeersInit } from "./peers/bitcoin_peers.ts";
export type { Resolve } from "./peers/dns_seeds.ts";
export type { DropReason } from "./peers/drop_reason.ts";
export type { Connect, Duplex, PeerEndpoint } from "./peers/duplex.ts";
export type { BitcoinPeerView, PeerState } from "./peers/peer_types.ts";
export {
  createPeerHeaders,
  PEER_HEADERS_LIMITS,
  type PeerHeaders,
  type PeerHeadersComponents,
} from "./peer_headers.ts";
export type { AskedPeer, HeadersOutcome, HeadersPort, MissingParent } from "./peer_headers_types.ts";
export { HeadersPresync, type PresyncInit, type PresyncState, type PresyncStep } from "./presync.ts";
export { isPossibleRetarget, retargetBits, type RetargetInput } from "./retarget.ts";
export type { HeadersSyncView } from "./headers_sync.ts";
export type { SourceState } from "./source_book.ts";
export {
  createSourceDesk,
  type OpenSourceDesk,
  type SourceDeskComponents,
  type SourcesView,
  type SourceView,
} from "./source_desk.ts";
export { publishSyncState, type SyncEventsComponents } from "./sync_events.ts";
export { type SyncState, syncStateOf } from "./sync_state.ts";
export type * from "./source_types.ts";
export type * from "./types.ts";
