import type { BitcoinNetwork, Clock, PeerIdText, Random } from "../base/mod.ts";
import type { BanGate } from "../bans/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Identity } from "../identity/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { DiscoveryTiming } from "./discovery.ts";
import type { EnvelopeForm } from "./envelope.ts";
import type { ReachabilityOptions } from "./reachability_services.ts";
import type { Requests } from "./request_types.ts";

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

/** What the node says on its own: everything, only its status, or nothing at all. */
export type ListenMode = "full" | "listen_only" | "silent";

/** How far the node's chain has come: not begun, behind the network, or up to date. */
export type ChainStage = "idle" | "catching_up" | "running";

/** What {@linkcode createP2pService} needs from the rest of the node. */
export interface P2pComponents {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventBus;
  /** Who is kept out. Absent: nobody is, and nobody is scored. */
  readonly bans?: BanGate | undefined;
  /**
   * What dealings with a peer have shown, from 0 to 100 (see `PeerRegistry.reputationOf`); asked for each subtree and
   * rejected transaction. Absent: everybody is a newcomer.
   */
  readonly reputationOf?: ((peerId: string) => number) | undefined;
}

/** Best block of the node's own header chain. */
export interface OwnTip {
  /** Display order. */
  readonly hash: string;
  readonly height: number;
  /** 64 hex digits. */
  readonly chainwork: string;
  /** 80 bytes in wire order as hex; without it the node cannot tell others its best block. */
  readonly header?: string | undefined;
}

/** Settings of the service; the names follow `[p2p]` of the configuration. */
export interface P2pInit extends ReachabilityOptions {
  readonly network: BitcoinNetwork;
  /** Sent as ClientName: up to 64 plain printable characters. */
  readonly name: string;
  /** Version of the node, for the agent `commons-node/<version>`. */
  readonly version: string;
  /** Multiaddrs to listen on: `/ip4/…/tcp/…`, with `/ws` for WebSockets. Empty means none. */
  readonly listen: readonly string[];
  /** Multiaddrs told to others instead of those listened on. */
  readonly announce: readonly string[];
  /** Multiaddrs, each with `/p2p/<peer id>`, that the node keeps connected to; at most 256, its own is skipped. */
  readonly staticPeers: readonly string[];
  readonly topicPrefix: string;
  readonly envelope: EnvelopeForm;
  readonly listenMode: ListenMode;
  readonly maxConnections: number;
  /** Pre-shared key of a private network as 64 hex digits; "" or absent for an open one. */
  readonly sharedKey?: string | undefined;
  /** Where others fetch this node's blocks, sent as DataHubURL; "" when they can't. */
  readonly dataHubUrl: string;
  /** A DHT of this network's own, the public one of IPFS, or none. */
  readonly dht: "private" | "standard" | "off";
  /** In front of `/kad/1.0.0`, the protocol of the private DHT; default `/commons`. */
  readonly dhtProtocol?: string | undefined;
  /** Multiaddrs of entry points of the DHT, each with `/p2p/<peer id>`; at most 64. */
  readonly bootstrap?: readonly string[] | undefined;
  /** Whether the entry points are kept connected like static peers. */
  readonly bootstrapPersistent?: boolean | undefined;
  /** Serves the DHT and identify, joins no topic. */
  readonly bootstrapOnly?: boolean | undefined;
  /** Open connections from one address (IPv6: a /64), and from one /24 (IPv6: a /48); default 8 and 32. */
  readonly maxConnectionsPerIp?: number | undefined;
  readonly maxConnectionsPerSubnet?: number | undefined;
  /** File that keeps good peers over restarts; absent means none. */
  readonly peerCachePath?: string | undefined;
  /** How often the discovery does what; for tests. */
  readonly discoveryTiming?: Partial<DiscoveryTiming> | undefined;
  /** The node's service bits, told to peers by identify; absent means none. */
  readonly services?: number | undefined;
  /**
   * The node's best block: told in its status and greetings, sent to peers that ask. Others' heights are believed up to
   * 10,000 above it; absent means that the node has no chain and no opinion about heights.
   */
  readonly tip?: (() => OwnTip) | undefined;
  /**
   * Asked before the node says something: unless it is `running`, the node only tells its status, greets and asks.
   * Absent, or when it throws: it is.
   */
  readonly stage?: (() => ChainStage) | undefined;
  /**
   * Whether addresses and URLs of private networks are told to others and taken from them. Default false.
   */
  readonly sharePrivateAddresses?: boolean | undefined;
  /** URLs or hosts; what is offered there is not taken. */
  readonly blacklistedBaseUrls?: readonly string[] | undefined;
  /** Peer ids whose messages are taken, besides those of static peers; empty or absent: everybody's. At most 4,096. */
  readonly allowedPublishers?: readonly string[] | undefined;
}

/** One connected peer as REST shows it. */
export interface PeerView {
  /** Counts the peers that connected since the start: a peer that comes again gets another. */
  readonly id: number;
  readonly peerId: string;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly transport: string;
  readonly userAgent: string;
  /** Bit field as a decimal number. */
  readonly services: number;
  /** ISO 8601. */
  readonly connectedAt: string;
  /** Gossip's score: above 0 is good. */
  readonly score: number;
  /** Points of misbehaviour: 0 is good, at `bans.threshold` the peer is banned. */
  readonly banScore: number;
  readonly topics: readonly string[];
  /** The operator chose this peer: it is kept connected. */
  readonly kept: boolean;
  /** Milliseconds to the peer and back; null before they were measured. */
  readonly pingMs: number | null;
  /** On the wire with this peer since it connected, handshakes aside. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** ISO 8601; null for never. */
  readonly lastSendAt: string | null;
  readonly lastReceivedAt: string | null;
}

/** A WebSocket notification: `type` and the fields of that type, already cleaned for display. */
export interface Notification {
  readonly type: "block" | "subtree" | "mining_on" | "rejected_tx" | "node_status";
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly timestamp: string;
  readonly [field: string]: unknown;
}

/** Where a block or subtree is offered. */
export interface AnnouncerView {
  readonly peerId: string;
  /** "" when the announcer serves nothing. To be checked again when it is called, see `hubAddresses`. */
  readonly baseUrl: string;
}

/** What a peer last said about its chain. Claims: nothing of it is proven. */
export interface ClaimView {
  /** At most 10,000 above the node's own. */
  readonly height: number;
  /** Display order; "" when it named none. */
  readonly hash: string;
  /** Where it offers blocks, "" when nowhere or inside a private network. */
  readonly baseUrl: string;
  /** The height that it told first. */
  readonly startingHeight: number;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface PublishResult {
  /** Peers that the message was handed to at once. */
  readonly recipients: number;
  /** The message as sent, with the fields that the node filled in. */
  readonly message: Readonly<Record<string, unknown>>;
}

export interface GossipStats {
  /** Of all connections since the start, handshakes aside. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
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
  /**
   * Opens the listeners, joins the topics and starts to keep the static peers; does not wait for these. Requires
   * `--allow-net` for the addresses, see the README for the rest.
   * @throws {CommonsError} `P2P_LISTEN_FAILED`; everything that was opened is closed again
   */
  start(): Promise<void>;
  /** Closes everything within a few seconds; harmless when repeated. A stopped service stays stopped. */
  stop(): Promise<void>;
  /** Multiaddrs that the node listens on, each with `/p2p/<peer id>`. */
  listening(): readonly string[];
  peers(): readonly PeerView[];
  /** Multiaddrs of the peers that the operator chose, connected or not. */
  keptAddresses(): readonly string[];
  /**
   * Dials and keeps a peer (a static peer of this run).
   * @throws {CommonsError} `INVALID_MULTIADDR` (also for this node's own address), `PEER_BANNED`, `DIAL_FAILED`, `TOO_MANY_PEERS`,
   * `UNAVAILABLE` while the service is not running
   */
  addPeer(multiaddr: string, options?: { readonly signal?: AbortSignal }): Promise<PeerIdText>;
  /** Closes the connection and stops keeping the peer. False when it was not known. */
  removePeer(peerId: string): Promise<boolean>;
  /**
   * Publishes one of the node's own messages after the same checks that a received one gets.
   * @throws {CommonsError} the validator's code, `UNKNOWN_TOPIC`, `AUTHOR_MISMATCH`, `RATE_LIMITED`, `UNAVAILABLE`
   */
  publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult>;
  stats(): GossipStats;
  /**
   * Who offers a block or subtree, in the order in which they told; at most eight, each one's first offer. Only the first
   * was delivered as an event: ask the others when it does not answer.
   */
  announcersOf(topic: "block" | "subtree", hash: string): readonly AnnouncerView[];
  /** What a peer last said about its chain; `undefined` when it has said nothing or long ago. */
  claimOf(peerId: string): ClaimView | undefined;
  /** This node's own status: the first frame of every notification WebSocket. */
  ownStatus(): Notification;
  /** Questions to connected peers, and answers to theirs. */
  readonly requests: Requests;
  /** Calls `listener` for each notification; it must be quick and own its queue. */
  onNotification(listener: (notification: Notification) => void): Disposable;
}
