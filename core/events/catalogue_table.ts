import type { EventSpec } from "./field_kinds.ts";

/**
 * Every event of the node: its group, who may publish it, and the fields of its payload. `origin: "module"` means that
 * modules may publish it too; everything else comes from the node alone. Names are those of the system that we
 * succeed; `ChainTipUpdated` and `BlockAnnounced` are our own.
 *
 * Bytes are hex text, hashes 64 hex digits in display order. 64-bit numbers are plain numbers, exact up to 2^53 - 1.
 */
export const CATALOGUE = {
  // chain
  NewBlock: { group: "chain", origin: "node", fields: { block_hash: "hash", height: "u64" } },
  NewTransaction: { group: "chain", origin: "node", fields: { tx_hash: "hash" } },
  BlockDisconnected: { group: "chain", origin: "node", fields: { hash: "hash", height: "u64" } },
  ChainReorg: { group: "chain", origin: "node", fields: { old_tip: "hash", new_tip: "hash" } },
  ChainTipUpdated: {
    group: "chain",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", chainwork: "hash", previous_hash: "hash" },
  },
  // A validated announcement heard on gossip. The height is claimed, not proven.
  BlockAnnounced: {
    group: "chain",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", header: "hex", peer_id: "text", base_url: "text" },
  },

  // payment
  PaymentRequestCreated: {
    group: "payment",
    origin: "node",
    fields: { payment_id: "text", amount_sats: "u64", invoice: "text?" },
  },
  PaymentSettled: {
    group: "payment",
    origin: "node",
    fields: { payment_id: "text", tx_hash: "hash", confirmations: "u32" },
  },
  PaymentFailed: { group: "payment", origin: "node", fields: { payment_id: "text", reason: "text" } },
  PaymentVerified: {
    group: "payment",
    origin: "module",
    fields: { payment_id: "text", amount_msats: "u64", invoice: "text" },
  },
  PaymentRouteFound: {
    group: "payment",
    origin: "module",
    fields: { payment_id: "text", route_hops: "u32", route_cost_msats: "u64" },
  },
  PaymentRouteFailed: { group: "payment", origin: "module", fields: { payment_id: "text", reason: "text" } },
  ChannelOpened: {
    group: "payment",
    origin: "module",
    fields: { channel_id: "text", peer_pubkey: "hex", capacity_sats: "u64" },
  },
  ChannelClosed: { group: "payment", origin: "module", fields: { channel_id: "text", reason: "text" } },

  // mining
  BlockMined: {
    group: "mining",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", miner_id: "text?" },
  },
  BlockTemplateUpdated: {
    group: "mining",
    origin: "node",
    fields: { prev_hash: "hash", height: "u64", tx_count: "u32" },
  },
  MiningDifficultyChanged: {
    group: "mining",
    origin: "node",
    fields: { old_difficulty: "u32", new_difficulty: "u32", height: "u64" },
  },
  MiningJobCreated: {
    group: "mining",
    origin: "module",
    fields: { job_id: "text", prev_hash: "hash", height: "u64" },
  },
  ShareSubmitted: {
    group: "mining",
    origin: "module",
    fields: { job_id: "text", share_hash: "hash", miner_id: "text?" },
  },
  MergeMiningReward: {
    group: "mining",
    origin: "module",
    fields: { secondary_chain: "text", reward_amount: "u64", block_hash: "hash" },
  },
  MiningPoolConnected: { group: "mining", origin: "module", fields: { pool_url: "text", pool_id: "text?" } },
  MiningPoolDisconnected: { group: "mining", origin: "module", fields: { pool_url: "text", reason: "text" } },
  StratumV2MessageReceived: {
    group: "mining",
    origin: "node",
    fields: { message_data: "hex", peer_addr: "text" },
  },
  StratumClientConnected: {
    group: "mining",
    origin: "module",
    fields: { endpoint: "text", protocol_version: "u32" },
  },
  StratumClientDisconnected: {
    group: "mining",
    origin: "module",
    fields: { endpoint: "text", reason: "text" },
  },

  // mesh
  MeshPacketReceived: { group: "mesh", origin: "node", fields: { packet_data: "hex", peer_addr: "text" } },

  // governance
  GovernanceProposalCreated: {
    group: "governance",
    origin: "module",
    fields: { proposal_id: "text", repository: "text", pr_number: "u64", tier: "u32" },
  },
  GovernanceProposalVoted: {
    group: "governance",
    origin: "module",
    fields: { proposal_id: "text", voter: "text", vote: "text" },
  },
  GovernanceProposalMerged: {
    group: "governance",
    origin: "module",
    fields: { proposal_id: "text", repository: "text", pr_number: "u64" },
  },
  WebhookSent: {
    group: "governance",
    origin: "module",
    fields: { webhook_url: "text", event_type: "text", success: "bool" },
  },
  WebhookFailed: {
    group: "governance",
    origin: "module",
    fields: { webhook_url: "text", event_type: "text", error: "text" },
  },
  GovernanceForkDetected: {
    group: "governance",
    origin: "module",
    fields: { fork_id: "text", ruleset_version: "text", adoption_count: "u32" },
  },

  // network
  PeerConnected: {
    group: "network",
    origin: "node",
    fields: {
      peer_addr: "text",
      transport_type: "text",
      services: "u64",
      version: "u32",
      peer_node_id: "hex?",
    },
  },
  PeerDisconnected: { group: "network", origin: "node", fields: { peer_addr: "text", reason: "text" } },
  PeerBanned: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", reason: "text", ban_duration_seconds: "u64" },
  },
  PeerUnbanned: { group: "network", origin: "node", fields: { peer_addr: "text" } },
  MessageReceived: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", message_type: "text", message_size: "u64", protocol_version: "u32" },
  },
  MessageSent: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", message_type: "text", message_size: "u64" },
  },
  BroadcastStarted: {
    group: "network",
    origin: "node",
    fields: { message_type: "text", target_peers: "u32" },
  },
  BroadcastCompleted: {
    group: "network",
    origin: "node",
    fields: { message_type: "text", successful: "u32", failed: "u32" },
  },
  RouteDiscovered: {
    group: "network",
    origin: "module",
    fields: { destination: "hex", route_path: "text[]", route_cost: "u64" },
  },
  RouteFailed: { group: "network", origin: "module", fields: { destination: "hex", reason: "text" } },
  ConnectionAttempt: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", success: "bool", error: "text?" },
  },
  AddressDiscovered: { group: "network", origin: "node", fields: { peer_addr: "text", source: "text" } },
  AddressExpired: { group: "network", origin: "node", fields: { peer_addr: "text" } },
  NetworkPartition: {
    group: "network",
    origin: "node",
    fields: { partition_id: "hex", disconnected_peers: "text[]", partition_size: "u32" },
  },
  NetworkReconnected: {
    group: "network",
    origin: "node",
    fields: { partition_id: "hex", reconnected_peers: "text[]" },
  },
  DoSAttackDetected: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", attack_type: "text", severity: "text" },
  },
  RateLimitExceeded: {
    group: "network",
    origin: "node",
    fields: { peer_addr: "text", limit_type: "text", current_rate: "f64", limit: "f64" },
  },
  CompanionUdpPeerRegistered: {
    group: "network",
    origin: "node",
    fields: { p2p_peer_addr: "text", udp_addr: "text" },
  },
  CompanionUdpPeerUnregistered: { group: "network", origin: "node", fields: { p2p_peer_addr: "text" } },

  // consensus
  BlockValidationStarted: {
    group: "consensus",
    origin: "node",
    fields: { block_hash: "hash", height: "u64" },
  },
  BlockValidationCompleted: {
    group: "consensus",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", success: "bool", validation_time_ms: "u64", error: "text?" },
  },
  ScriptVerificationStarted: {
    group: "consensus",
    origin: "node",
    fields: { tx_hash: "hash", input_index: "u32" },
  },
  ScriptVerificationCompleted: {
    group: "consensus",
    origin: "node",
    fields: { tx_hash: "hash", input_index: "u32", success: "bool", verification_time_ms: "u64" },
  },
  UTXOValidationStarted: {
    group: "consensus",
    origin: "node",
    fields: { block_hash: "hash", height: "u64" },
  },
  UTXOValidationCompleted: {
    group: "consensus",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", success: "bool" },
  },
  DifficultyAdjusted: {
    group: "consensus",
    origin: "node",
    fields: { old_difficulty: "u32", new_difficulty: "u32", height: "u64" },
  },
  SoftForkActivated: { group: "consensus", origin: "node", fields: { fork_name: "text", height: "u64" } },
  SoftForkLockedIn: { group: "consensus", origin: "node", fields: { fork_name: "text", height: "u64" } },
  ConsensusRuleViolation: {
    group: "consensus",
    origin: "node",
    fields: { rule_name: "text", block_hash: "hash?", tx_hash: "hash?", error: "text" },
  },

  // sync
  HeadersSyncStarted: { group: "sync", origin: "node", fields: { start_height: "u64" } },
  HeadersSyncProgress: {
    group: "sync",
    origin: "node",
    fields: { current_height: "u64", target_height: "u64", progress_percent: "f64" },
  },
  HeadersSyncCompleted: {
    group: "sync",
    origin: "node",
    fields: { final_height: "u64", duration_seconds: "u64" },
  },
  BlockSyncStarted: { group: "sync", origin: "node", fields: { start_height: "u64", target_height: "u64" } },
  BlockSyncProgress: {
    group: "sync",
    origin: "node",
    fields: {
      current_height: "u64",
      target_height: "u64",
      progress_percent: "f64",
      blocks_per_second: "f64",
    },
  },
  BlockSyncCompleted: {
    group: "sync",
    origin: "node",
    fields: { final_height: "u64", duration_seconds: "u64" },
  },
  SyncStateChanged: { group: "sync", origin: "node", fields: { old_state: "text", new_state: "text" } },

  // mempool
  MempoolTransactionAdded: {
    group: "mempool",
    origin: "node",
    fields: { tx_hash: "hash", fee_rate: "f64", mempool_size: "u64" },
  },
  MempoolTransactionRemoved: {
    group: "mempool",
    origin: "node",
    fields: { tx_hash: "hash", reason: "text", mempool_size: "u64" },
  },
  MempoolThresholdExceeded: {
    group: "mempool",
    origin: "node",
    fields: { current_size: "u64", threshold: "u64" },
  },
  FeeRateChanged: {
    group: "mempool",
    origin: "node",
    fields: { old_fee_rate: "f64", new_fee_rate: "f64", mempool_size: "u64" },
  },
  MempoolCleared: { group: "mempool", origin: "node", fields: { cleared_count: "u64" } },

  // storage
  StorageRead: { group: "storage", origin: "node", fields: { operation: "text", duration_ms: "u64" } },
  StorageWrite: {
    group: "storage",
    origin: "node",
    fields: { operation: "text", duration_ms: "u64", bytes_written: "u64" },
  },
  StorageQuery: { group: "storage", origin: "node", fields: { query_type: "text", duration_ms: "u64" } },
  DatabaseBackupStarted: { group: "storage", origin: "node", fields: { backup_path: "text" } },
  DatabaseBackupCompleted: {
    group: "storage",
    origin: "node",
    fields: { backup_path: "text", success: "bool", size_bytes: "u64", duration_seconds: "u64" },
  },

  // module
  ModuleLoaded: {
    group: "module",
    origin: "node",
    fields: { module_id: "text", module_name: "text", version: "text" },
  },
  ModuleUnloaded: {
    group: "module",
    origin: "node",
    fields: { module_id: "text", module_name: "text", version: "text" },
  },
  ModuleReloaded: {
    group: "module",
    origin: "node",
    fields: { module_name: "text", old_version: "text", new_version: "text" },
  },
  ModuleStarted: { group: "module", origin: "node", fields: { module_name: "text" } },
  ModuleStopped: { group: "module", origin: "node", fields: { module_name: "text" } },
  ModuleCrashed: { group: "module", origin: "node", fields: { module_name: "text", error: "text" } },
  ModuleHealthChanged: {
    group: "module",
    origin: "node",
    fields: { module_name: "text", old_health: "text", new_health: "text" },
  },
  ModuleStateChanged: {
    group: "module",
    origin: "node",
    fields: { module_name: "text", old_state: "text", new_state: "text" },
  },

  // registry
  ModuleDiscovered: {
    group: "registry",
    origin: "node",
    fields: { module_name: "text", version: "text", source: "text" },
  },
  ModuleInstalled: { group: "registry", origin: "node", fields: { module_name: "text", version: "text" } },
  ModuleUpdated: {
    group: "registry",
    origin: "node",
    fields: { module_name: "text", old_version: "text", new_version: "text" },
  },
  ModuleRemoved: { group: "registry", origin: "node", fields: { module_name: "text", version: "text" } },
  ModulePurchaseCompleted: {
    group: "registry",
    origin: "module",
    fields: { module_id: "text", payment_id: "text", amount_sats: "u64" },
  },

  // node
  ConfigLoaded: {
    group: "node",
    origin: "node",
    fields: { changed_sections: "text[]", config_json: "text?" },
  },
  NodeStartupCompleted: {
    group: "node",
    origin: "node",
    fields: { duration_ms: "u64", components: "text[]" },
  },
  NodeShutdown: { group: "node", origin: "node", fields: { reason: "text", timeout_seconds: "u64" } },
  NodeShutdownCompleted: { group: "node", origin: "node", fields: { duration_ms: "u64" } },

  // maintenance
  MaintenanceStarted: {
    group: "maintenance",
    origin: "node",
    fields: { maintenance_type: "text", estimated_duration_seconds: "u64?" },
  },
  MaintenanceCompleted: {
    group: "maintenance",
    origin: "node",
    fields: { maintenance_type: "text", success: "bool", duration_ms: "u64", results: "text?" },
  },
  DataMaintenance: {
    group: "maintenance",
    origin: "node",
    fields: {
      operation: "text",
      urgency: "text",
      reason: "text",
      target_age_days: "u32?",
      timeout_seconds: "u64?",
    },
  },
  HealthCheck: {
    group: "maintenance",
    origin: "node",
    fields: { check_type: "text", node_healthy: "bool", health_report: "text?" },
  },
  DiskSpaceLow: {
    group: "maintenance",
    origin: "node",
    fields: { available_bytes: "u64", total_bytes: "u64", percent_free: "f64", disk_path: "text" },
  },
  ResourceLimitWarning: {
    group: "maintenance",
    origin: "node",
    fields: {
      module_name: "text?",
      resource_type: "text",
      usage_percent: "f64",
      current_usage: "u64",
      limit: "u64",
      threshold_percent: "f64",
    },
  },

  // relay
  DandelionStemStarted: {
    group: "relay",
    origin: "node",
    fields: { tx_hash: "hash", current_peer: "text", next_peer: "text" },
  },
  DandelionStemAdvanced: {
    group: "relay",
    origin: "node",
    fields: { tx_hash: "hash", hop_count: "u8", next_peer: "text" },
  },
  DandelionFluffed: { group: "relay", origin: "node", fields: { tx_hash: "hash", stem_hops: "u8" } },
  DandelionStemPathExpired: { group: "relay", origin: "node", fields: { peer_addr: "text" } },
  CompactBlockReceived: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", short_ids_count: "u32" },
  },
  BlockReconstructionStarted: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64" },
  },
  BlockReconstructionCompleted: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", success: "bool", missing_txs: "u32" },
  },
  FibreBlockEncoded: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", chunks: "u32", encoding_time_ms: "u64" },
  },
  FibreBlockSent: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", peer_addr: "text" },
  },
  PackageReceived: {
    group: "relay",
    origin: "node",
    fields: { package_id: "hex", transaction_count: "u32", peer_addr: "text" },
  },
  PackageRejected: {
    group: "relay",
    origin: "node",
    fields: { package_id: "hex", reason: "text", peer_addr: "text" },
  },
  UtxoCommitmentReceived: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", commitment_hash: "hash", peer_addr: "text" },
  },
  UtxoCommitmentVerified: {
    group: "relay",
    origin: "node",
    fields: { block_hash: "hash", height: "u64", commitment_hash: "hash", valid: "bool" },
  },
  BanListShared: { group: "relay", origin: "node", fields: { peer_addr: "text", ban_count: "u32" } },
  BanListReceived: { group: "relay", origin: "node", fields: { peer_addr: "text", ban_count: "u32" } },

  // module_side
  SelectiveSyncPolicyApplied: {
    group: "module_side",
    origin: "module",
    fields: { policy_source: "text", registry_count: "u32" },
  },
  ActionExecuted: {
    group: "module_side",
    origin: "module",
    fields: { action_id: "text", action_type: "text", target: "text", success: "bool" },
  },
  IBDBlockFiltered: {
    group: "module_side",
    origin: "module",
    fields: { block_hash: "hash", height: "u64", reason: "text" },
  },
} as const satisfies Readonly<Record<string, EventSpec>>;
