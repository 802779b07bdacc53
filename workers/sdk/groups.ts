/**
 * Groups of the node API whose methods are plain calls. Each names the capability that it needs; without the grant it
 * throws `PERMISSION_DENIED`, with wrong parameters `INVALID_PARAMS`, over a quota `QUOTA_EXCEEDED` or `RATE_LIMITED`.
 * Groups marked "not in this version" throw `UNAVAILABLE`; `commons module api` says which those are in a node.
 */
import type { ChainBlock, ChainTransaction, ChainUtxo } from "./blocks.ts";

/** A file or folder. Times are Unix seconds, null where the file system does not tell. */
export interface FileMetadata {
  readonly path: string;
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly is_file: boolean;
  readonly is_directory: boolean;
  readonly modified: number | null;
  readonly created: number | null;
}

/**
 * The module's own files. Paths are relative, with `/` between names, at most 16 folders deep; `..`, absolute paths and
 * names that some system gives a meaning are refused. There is a quota of bytes and one of files and folders. One call
 * carries at most 1 MiB when reading and about 700 KiB when writing (a message is at most 1 MiB): larger files go in
 * parts. Errors besides those of every call: `NOT_FOUND`.
 */
export interface Files {
  /** The file, or the part of it from `offset` (bytes, default 0) with at most `length` bytes. Needs `read_filesystem`. */
  readFile(
    path: string,
    options?: { readonly offset?: number; readonly length?: number },
  ): Promise<Uint8Array>;
  /**
   * Makes the file or replaces it in one step: readers see the old or the new one. With `offset` (at most the size) writes
   * into a file that is there, which is not one step. Its folder must be there. Needs `write_filesystem`.
   */
  writeFile(path: string, data: Uint8Array, options?: { readonly offset?: number }): Promise<void>;
  /** Gives a file another name in one step; a file of that name is replaced. Needs `write_filesystem`. */
  renameFile(from: string, to: string): Promise<void>;
  /** Deletes a file, or a folder with nothing in it. Needs `manage_filesystem`. */
  deleteFile(path: string): Promise<void>;
  /** Names in a folder (default: the module's own), sorted. Needs `read_filesystem`. */
  listDirectory(path?: string): Promise<readonly string[]>;
  /** Makes a folder and those above it; one that is there is fine. Needs `manage_filesystem`. */
  createDirectory(path: string): Promise<void>;
  /** Needs `read_filesystem`. */
  getFileMetadata(path: string): Promise<FileMetadata>;
}

/** Health that a module reports of itself. */
export type Health = "healthy" | "degraded" | "unhealthy";

interface MetricBase {
  /** `[a-z][a-z0-9_]*`, at most 64; shown as `commons_module_<module>_<name>`. */
  readonly name: string;
  /** At most 8, always the same names for one metric; values are texts of at most 128 characters. */
  readonly labels?: Readonly<Record<string, string>>;
  /** A line for people, taken from the first report. */
  readonly help?: string;
}

/** A metric to report. A counter's value is its total so far, not what was added. */
export type Metric =
  | MetricBase & { readonly type: "counter" | "gauge"; readonly value: number }
  | MetricBase & {
    readonly type: "histogram";
    /** Observations since the last report, at most 1,000. */
    readonly values: readonly number[];
    /** Upper bounds, ascending, at most 32; taken from the first report. Default: from 5 ms to 10 s, in seconds. */
    readonly buckets?: readonly number[];
  };

/** A metric as it stands. */
export interface MetricState {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: Readonly<Record<string, string>>;
  /** Of a counter or gauge. */
  readonly value?: number;
  /** Of a histogram: how many observations, and their sum. */
  readonly count?: number;
  readonly sum?: number;
  /** Unix seconds of the last report. */
  readonly timestamp: number;
}

/** Metrics and health. A module has at most 64 metrics and 200 label combinations; they go when it stops. */
export interface MetricsApi {
  /** Needs `report_metrics`. `PERMISSION_DENIED` also for a name that is taken. */
  reportMetric(metric: Metric): Promise<void>;
  /** What a module reported, by its name or id. Needs `read_metrics`. */
  getModuleMetrics(module: string): Promise<readonly MetricState[]>;
  /** Module name → its metrics. Needs `read_metrics`. */
  getAllMetrics(): Promise<Readonly<Record<string, readonly MetricState[]>>>;
  /** Says how the module is; operators and dependents see it. Needs `report_metrics`. */
  reportModuleHealth(health: Health, message?: string): Promise<void>;
  /** Health of a running module, null when none of that name runs. Needs `read_metrics`. */
  getModuleHealth(module: string): Promise<Health | null>;
  /** Needs `read_metrics`. */
  getAllModuleHealth(): Promise<
    readonly { readonly module_id: string; readonly module_name: string; readonly health: Health }[]
  >;
}

/** A header and its place; hashes are 64 hex digits in display order. */
export interface ChainHeader {
  readonly hash: string;
  readonly height: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  readonly version: number;
  readonly prev_block_hash: string;
  readonly merkle_root: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Compact target. */
  readonly bits: number;
  readonly nonce: number;
}

/** The best chain in numbers. */
export interface ChainInfo {
  readonly tip_hash: string;
  readonly height: number;
  readonly difficulty: number;
  /** Work of the whole chain in 64 hex digits. */
  readonly chain_work: string;
  readonly is_synced: boolean;
}

/** How far the node's chain has come. */
export interface SyncStatus {
  /** `initial`: nothing but its first header; `headers`: it catches up; `synced`: the tip is at most a day old. */
  readonly phase: "initial" | "headers" | "synced";
  /** From 0 to 1, by the tip's time. */
  readonly progress: number;
  readonly is_synced: boolean;
  readonly error_message: string | null;
}

/** The chain of headers that the node has verified. */
export interface ChainApi {
  /** A header that the node knows, on the best chain or off it, by its hash; else null. Needs `read_blockchain`. */
  getBlockHeader(hash: string): Promise<ChainHeader | null>;
  /** Hash of the best chain's last header. Needs `read_chain_state`, as the next three. */
  getChainTip(): Promise<string>;
  /** Height of the best chain. */
  getBlockHeight(): Promise<number>;
  getChainInfo(): Promise<ChainInfo>;
  getSyncStatus(): Promise<SyncStatus>;
  /**
   * A block on demand; null for a hash that is not in the chain. Needs `read_blockchain`, as the next three, and a source
   * of blocks in the node's configuration: without one `UNAVAILABLE`.
   */
  getBlock(hash: string): Promise<ChainBlock | null>;
  /** Of the best chain. */
  getBlockByHeight(height: number): Promise<ChainBlock | null>;
  /** Needs a full node with a transaction index, for what is not in its mempool. */
  getTransaction(hash: string): Promise<ChainTransaction | null>;
  hasTransaction(hash: string): Promise<boolean>;
  /** Null when it is spent or was never there. Needs `read_utxo` and a full node. */
  getUtxo(outpoint: { readonly hash: string; readonly index: number }): Promise<ChainUtxo | null>;
}

/** A connected peer; its address is the one that the operator sees. */
export interface NetworkPeer {
  readonly peer_id: string;
  readonly addr: string;
  readonly direction: "inbound" | "outbound";
  readonly transport_type: string;
  readonly user_agent: string;
  /** Bit field. */
  readonly services: number;
  readonly version: number | null;
  /** Unix seconds. */
  readonly connected_since: number;
}

/** The network in numbers; null is what the node does not know. */
export interface NetworkStats {
  readonly peer_count: number;
  readonly inbound_count: number;
  readonly outbound_count: number;
  /** Hashes a second. */
  readonly hash_rate: number | null;
  readonly bytes_sent: number | null;
  readonly bytes_received: number | null;
  /** Gossip messages since the node's start. */
  readonly gossip: {
    readonly accepted: number;
    readonly ignored: number;
    readonly rejected: number;
    readonly published: number;
  };
}

/** Hashes that the node does not serve; at most 4,096 are listed. */
export interface Denylist {
  readonly total_count: number;
  readonly truncated: boolean;
  readonly hashes: readonly string[];
}

/** Peers. Reading needs `read_network`, everything else `network_access`. */
export interface NetworkApi {
  getNetworkStats(): Promise<NetworkStats>;
  getNetworkPeers(): Promise<readonly NetworkPeer[]>;
  /**
   * Bans an address (`ip:port` or without the port), a peer id, or a peer by its `addr`; `seconds` 0 or absent means for
   * good. Bans of the operator and longer ones stay as they are. `PERMISSION_DENIED` for whom the operator wants,
   * `QUOTA_EXCEEDED` when modules hold too many bans.
   */
  banPeer(addr: string, seconds?: number): Promise<void>;
  /** The rest is not in this version. */
  getBlockServeDenylistSnapshot(): Promise<Denylist>;
  getTxServeDenylistSnapshot(): Promise<Denylist>;
  mergeBlockServeDenylist(hashes: readonly string[]): Promise<void>;
  clearBlockServeDenylist(): Promise<void>;
  replaceBlockServeDenylist(hashes: readonly string[]): Promise<void>;
  mergeTxServeDenylist(hashes: readonly string[]): Promise<void>;
  clearTxServeDenylist(): Promise<void>;
  replaceTxServeDenylist(hashes: readonly string[]): Promise<void>;
  setBlockServeMaintenanceMode(refuse: boolean): Promise<void>;
  sendMeshPacketToPeer(addr: string, packet: Uint8Array): Promise<void>;
  sendPeerTransportPayload(addr: string, payload: Uint8Array): Promise<void>;
}
