import type { PeerIdText } from "../base/mod.ts";

/** Gossip topics of the node by their short names (contract, section 5). */
export const TOPIC_NAMES = [
  "bestblock",
  "block",
  "subtree",
  "miningon",
  "rejected_tx",
  "handshake",
  "node_status",
] as const;
export type TopicName = typeof TOPIC_NAMES[number];

/** One connected peer as REST shows it. */
export interface PeerView {
  readonly peerId: string;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly transport: string;
  readonly userAgent: string;
  /** Bit field as a decimal number. */
  readonly services: number;
  /** ISO 8601. */
  readonly connectedAt: string;
  readonly score: number;
  readonly topics: readonly string[];
}

/** A WebSocket notification: `type` and the fields of that type, already cleaned for display. */
export interface Notification {
  readonly type: "block" | "subtree" | "mining_on" | "rejected_tx" | "node_status";
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly timestamp: string;
  readonly [field: string]: unknown;
}

export interface PublishResult {
  /** Peers that the message was handed to at once. */
  readonly recipients: number;
  /** The message as sent, with the fields that the node filled in. */
  readonly message: Readonly<Record<string, unknown>>;
}

export interface GossipStats {
  readonly topics: readonly {
    readonly topic: string;
    readonly subscribers: number;
    readonly meshPeers: number;
    readonly accepted: number;
    readonly ignored: number;
    readonly rejected: number;
    readonly published: number;
  }[];
}

/** The P2P service as the rest of the node sees it. */
export interface P2pService {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Multiaddrs that the node listens on, each with `/p2p/<peer id>`. */
  listening(): readonly string[];
  peers(): readonly PeerView[];
  /**
   * Dials and keeps a peer (a static peer of this run).
   * @throws {CommonsError} `INVALID_MULTIADDR`, `DIAL_FAILED`, `TOO_MANY_PEERS`
   */
  addPeer(multiaddr: string, options?: { readonly signal?: AbortSignal }): Promise<PeerIdText>;
  /** Closes the connection and stops keeping the peer. False when it was not known. */
  removePeer(peerId: string): Promise<boolean>;
  /**
   * Publishes one of the node's own messages after the same checks that a received one gets.
   * @throws {CommonsError} the validator's code, `UNKNOWN_TOPIC`, `AUTHOR_MISMATCH`, `UNAVAILABLE`
   */
  publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult>;
  stats(): GossipStats;
  /** This node's own status: the first frame of every notification WebSocket. */
  ownStatus(): Notification;
  /** Calls `listener` for each notification; it must be quick and own its queue. */
  onNotification(listener: (notification: Notification) => void): Disposable;
}
