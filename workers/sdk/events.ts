/**
 * What the node's events carry, for module authors. A copy of the node's catalogue, because a cell knows nothing of the
 * node's code: `tools/sdk_events.ts` writes it, `tests/conformance/sdk_test.ts` holds the two equal.
 *
 * Hashes are 64 hex digits in display order, other bytes hex text. 64-bit numbers are plain numbers, exact to 2^53 - 1.
 * Durations end in `_ms` or `_seconds`, amounts in `_sats` or `_msats`.
 */
interface Payloads {
  // chain
  NewBlock: { block_hash: string; height: number };
  NewTransaction: { tx_hash: string };
  BlockDisconnected: { hash: string; height: number };
  ChainReorg: { old_tip: string; new_tip: string };
  ChainTipUpdated: { block_hash: string; height: number; chainwork: string; previous_hash: string };
  BlockAnnounced: { block_hash: string; height: number; header: string; peer_id: string; base_url: string };
  // payment
  PaymentRequestCreated: { payment_id: string; amount_sats: number; invoice?: string };
  PaymentSettled: { payment_id: string; tx_hash: string; confirmations: number };
  PaymentFailed: { payment_id: string; reason: string };
  PaymentVerified: { payment_id: string; amount_msats: number; invoice: string };
  PaymentRouteFound: { payment_id: string; route_hops: number; route_cost_msats: number };
  PaymentRouteFailed: { payment_id: string; reason: string };
  ChannelOpened: { channel_id: string; peer_pubkey: string; capacity_sats: number };
  ChannelClosed: { channel_id: string; reason: string };
  // mining
  BlockMined: { block_hash: string; height: number; miner_id?: string };
  BlockTemplateUpdated: { prev_hash: string; height: number; tx_count: number };
  MiningDifficultyChanged: { old_difficulty: number; new_difficulty: number; height: number };
  MiningJobCreated: { job_id: string; prev_hash: string; height: number };
  ShareSubmitted: { job_id: string; share_hash: string; miner_id?: string };
  MergeMiningReward: { secondary_chain: string; reward_amount: number; block_hash: string };
  MiningPoolConnected: { pool_url: string; pool_id?: string };
  MiningPoolDisconnected: { pool_url: string; reason: string };
  StratumV2MessageReceived: { message_data: string; peer_addr: string };
  StratumClientConnected: { endpoint: string; protocol_version: number };
  StratumClientDisconnected: { endpoint: string; reason: string };
  // mesh
  MeshPacketReceived: { packet_data: string; peer_addr: string };
  // governance
  GovernanceProposalCreated: { proposal_id: string; repository: string; pr_number: number; tier: number };
  GovernanceProposalVoted: { proposal_id: string; voter: string; vote: string };
  GovernanceProposalMerged: { proposal_id: string; repository: string; pr_number: number };
  WebhookSent: { webhook_url: string; event_type: string; success: boolean };
  WebhookFailed: { webhook_url: string; event_type: string; error: string };
  GovernanceForkDetected: { fork_id: string; ruleset_version: string; adoption_count: number };
  // network
  PeerConnected: {
    peer_addr: string;
    transport_type: string;
    services: number;
    version: number;
    peer_node_id?: string;
  };
  PeerDisconnected: { peer_addr: string; reason: string };
  PeerBanned: { peer_addr: string; reason: string; ban_duration_seconds: number };
  PeerUnbanned: { peer_addr: string };
  MessageReceived: {
    peer_addr: string;
    message_type: string;
    message_size: number;
    protocol_version: number;
  };
  MessageSent: { peer_addr: string; message_type: string; message_size: number };
  BroadcastStarted: { message_type: string; target_peers: number };
  BroadcastCompleted: { message_type: string; successful: number; failed: number };
  RouteDiscovered: { destination: string; route_path: readonly string[]; route_cost: number };
  RouteFailed: { destination: string; reason: string };
  ConnectionAttempt: { peer_addr: string; success: boolean; error?: string };
  AddressDiscovered: { peer_addr: string; source: string };
  AddressExpired: { peer_addr: string };
  NetworkPartition: { partition_id: string; disconnected_peers: readonly string[]; partition_size: number };
  NetworkReconnected: { partition_id: string; reconnected_peers: readonly string[] };
  DoSAttackDetected: { peer_addr: string; attack_type: string; severity: string };
  RateLimitExceeded: { peer_addr: string; limit_type: string; current_rate: number; limit: number };
  CompanionUdpPeerRegistered: { p2p_peer_addr: string; udp_addr: string };
  CompanionUdpPeerUnregistered: { p2p_peer_addr: string };
  // consensus
  BlockValidationStarted: { block_hash: string; height: number };
  BlockValidationCompleted: {
    block_hash: string;
    height: number;
    success: boolean;
    validation_time_ms: number;
    error?: string;
  };
  ScriptVerificationStarted: { tx_hash: string; input_index: number };
  ScriptVerificationCompleted: {
    tx_hash: string;
    input_index: number;
    success: boolean;
    verification_time_ms: number;
  };
  UTXOValidationStarted: { block_hash: string; height: number };
  UTXOValidationCompleted: { block_hash: string; height: number; success: boolean };
  DifficultyAdjusted: { old_difficulty: number; new_difficulty: number; height: number };
  SoftForkActivated: { fork_name: string; height: number };
  SoftForkLockedIn: { fork_name: string; height: number };
  ConsensusRuleViolation: { rule_name: string; block_hash?: string; tx_hash?: string; error: string };
  // sync
  HeadersSyncStarted: { start_height: number };
  HeadersSyncProgress: { current_height: number; target_height: number; progress_percent: number };
  HeadersSyncCompleted: { final_height: number; duration_seconds: number };
  BlockSyncStarted: { start_height: number; target_height: number };
  BlockSyncProgress: {
    current_height: number;
    target_height: number;
    progress_percent: number;
    blocks_per_second: number;
  };
  BlockSyncCompleted: { final_height: number; duration_seconds: number };
  SyncStateChanged: { old_state: string; new_state: string };
  // mempool
  MempoolTransactionAdded: { tx_hash: string; fee_rate: number; mempool_size: number };
  MempoolTransactionRemoved: { tx_hash: string; reason: string; mempool_size: number };
  MempoolThresholdExceeded: { current_size: number; threshold: number };
  FeeRateChanged: { old_fee_rate: number; new_fee_rate: number; mempool_size: number };
  MempoolCleared: { cleared_count: number };
  // storage
  StorageRead: { operation: string; duration_ms: number };
  StorageWrite: { operation: string; duration_ms: number; bytes_written: number };
  StorageQuery: { query_type: string; duration_ms: number };
  DatabaseBackupStarted: { backup_path: string };
  DatabaseBackupCompleted: {
    backup_path: string;
    success: boolean;
    size_bytes: number;
    duration_seconds: number;
  };
  // module
  ModuleLoaded: { module_id: string; module_name: string; version: string };
  ModuleUnloaded: { module_id: string; module_name: string; version: string };
  ModuleReloaded: { module_name: string; old_version: string; new_version: string };
  ModuleStarted: { module_name: string };
  ModuleStopped: { module_name: string };
  ModuleCrashed: { module_name: string; error: string };
  ModuleHealthChanged: { module_name: string; old_health: string; new_health: string };
  ModuleStateChanged: { module_name: string; old_state: string; new_state: string };
  // registry
  ModuleDiscovered: { module_name: string; version: string; source: string };
  ModuleInstalled: { module_name: string; version: string };
  ModuleUpdated: { module_name: string; old_version: string; new_version: string };
  ModuleRemoved: { module_name: string; version: string };
  ModulePurchaseCompleted: { module_id: string; payment_id: string; amount_sats: number };
  // node
  ConfigLoaded: { changed_sections: readonly string[]; config_json?: string };
  NodeStartupCompleted: { duration_ms: number; components: readonly string[] };
  NodeShutdown: { reason: string; timeout_seconds: number };
  NodeShutdownCompleted: { duration_ms: number };
  // maintenance
  MaintenanceStarted: { maintenance_type: string; estimated_duration_seconds?: number };
  MaintenanceCompleted: { maintenance_type: string; success: boolean; duration_ms: number; results?: string };
  DataMaintenance: {
    operation: string;
    urgency: string;
    reason: string;
    target_age_days?: number;
    timeout_seconds?: number;
  };
  HealthCheck: { check_type: string; node_healthy: boolean; health_report?: string };
  DiskSpaceLow: { available_bytes: number; total_bytes: number; percent_free: number; disk_path: string };
  ResourceLimitWarning: {
    module_name?: string;
    resource_type: string;
    usage_percent: number;
    current_usage: number;
    limit: number;
    threshold_percent: number;
  };
  // relay
  DandelionStemStarted: { tx_hash: string; current_peer: string; next_peer: string };
  DandelionStemAdvanced: { tx_hash: string; hop_count: number; next_peer: string };
  DandelionFluffed: { tx_hash: string; stem_hops: number };
  DandelionStemPathExpired: { peer_addr: string };
  CompactBlockReceived: { block_hash: string; height: number; short_ids_count: number };
  BlockReconstructionStarted: { block_hash: string; height: number };
  BlockReconstructionCompleted: { block_hash: string; height: number; success: boolean; missing_txs: number };
  FibreBlockEncoded: { block_hash: string; height: number; chunks: number; encoding_time_ms: number };
  FibreBlockSent: { block_hash: string; height: number; peer_addr: string };
  PackageReceived: { package_id: string; transaction_count: number; peer_addr: string };
  PackageRejected: { package_id: string; reason: string; peer_addr: string };
  UtxoCommitmentReceived: { block_hash: string; height: number; commitment_hash: string; peer_addr: string };
  UtxoCommitmentVerified: { block_hash: string; height: number; commitment_hash: string; valid: boolean };
  BanListShared: { peer_addr: string; ban_count: number };
  BanListReceived: { peer_addr: string; ban_count: number };
  // module side
  SelectiveSyncPolicyApplied: { policy_source: string; registry_count: number };
  ActionExecuted: { action_id: string; action_type: string; target: string; success: boolean };
  IBDBlockFiltered: { block_hash: string; height: number; reason: string };
}

/** Payload of each event. */
export type EventPayloads = { readonly [T in keyof Payloads]: Readonly<Payloads[T]> };

/** Name of an event. */
export type EventType = keyof EventPayloads;

/** Events that modules may publish, with `publish_events`; all others come from the node alone. */
export type PublishableEvent =
  | "PaymentVerified"
  | "PaymentRouteFound"
  | "PaymentRouteFailed"
  | "ChannelOpened"
  | "ChannelClosed"
  | "MiningJobCreated"
  | "ShareSubmitted"
  | "MergeMiningReward"
  | "MiningPoolConnected"
  | "MiningPoolDisconnected"
  | "StratumClientConnected"
  | "StratumClientDisconnected"
  | "GovernanceProposalCreated"
  | "GovernanceProposalVoted"
  | "GovernanceProposalMerged"
  | "WebhookSent"
  | "WebhookFailed"
  | "GovernanceForkDetected"
  | "RouteDiscovered"
  | "RouteFailed"
  | "ModulePurchaseCompleted"
  | "SelectiveSyncPolicyApplied"
  | "ActionExecuted"
  | "IBDBlockFiltered";
