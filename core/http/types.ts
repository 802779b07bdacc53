import type { BanService } from "../bans/mod.ts";
import type { Clock } from "../base/mod.ts";
import type {
  BitcoinPeers,
  BlockService,
  HeaderChain,
  MempoolView,
  Mining,
  OpenSourceDesk,
  RpcFullNode,
} from "../chain/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { ModuleHost } from "../modules/mod.ts";
import type { P2pService } from "../p2p/mod.ts";
import type { HealthRegistry, Logger, Metrics } from "../telemetry/mod.ts";

/** What does not change while the node runs. */
export interface NodeFacts {
  readonly name: string;
  readonly version: string;
  readonly network: string;
  readonly peerId: string;
  readonly nodeId: string;
  readonly userAgent: string;
  /** Bit field as a number. */
  readonly services: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly dataDir?: string;
}

/** Where readiness comes from. */
export type HealthSource = Pick<HealthRegistry, "ready">;

/** The part of the P2P service that HTTP shows. */
export type HttpP2p = Pick<
  P2pService,
  | "listening"
  | "peers"
  | "addPeer"
  | "removePeer"
  | "publish"
  | "stats"
  | "claimOf"
  | "ownStatus"
  | "onNotification"
>;

/** The part of the ban service that HTTP shows and obeys. */
export type HttpBans = Pick<
  BanService,
  "ban" | "unban" | "clear" | "list" | "find" | "isBannedIp" | "hasAddresses" | "onBan"
>;

/** The part of the header chain that HTTP shows. */
export type HttpChain = Pick<
  HeaderChain,
  | "params"
  | "anchored"
  | "tip"
  | "base"
  | "header"
  | "headerAt"
  | "hashAt"
  | "staleTips"
  | "accept"
  | "setAnchor"
>;

/** What the sources of headers say. */
export type HttpSources = Pick<OpenSourceDesk, "sources">;

/** What connects the chain with Bitcoin, as far as it is configured. */
export interface HttpBitcoin {
  readonly blocks?:
    | Pick<BlockService, "block" | "transaction" | "utxo" | "txOutProof" | "verifyTxOutProof">
    | undefined;
  readonly fullNode?: Pick<RpcFullNode, "status" | "sendTransaction"> | undefined;
  readonly mempool?:
    | Pick<MempoolView, "available" | "truncated" | "size" | "entry" | "txids" | "feeEstimate">
    | undefined;
  readonly mining?: Pick<Mining, "template" | "submit"> | undefined;
  readonly peers?: Pick<BitcoinPeers, "peers"> | undefined;
}

/** The part of the module system that HTTP shows. */
export type HttpModules = Omit<ModuleHost, "start" | "stop">;

/** What the HTTP service needs from the rest of the node. */
export interface HttpComponents {
  readonly p2p: HttpP2p;
  readonly bans: HttpBans;
  readonly chain: HttpChain;
  /** Absent: there are none. */
  readonly sources?: HttpSources | undefined;
  /** Absent: nothing of it is configured. */
  readonly bitcoin?: HttpBitcoin | undefined;
  readonly modules: HttpModules;
  readonly events: Pick<EventBus, "listen" | "since">;
  readonly metrics: Metrics;
  readonly health: HealthSource;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly node: NodeFacts;
}

/** Settings of the HTTP service; `[http]` of the configuration, the API token and the caps of streams. */
export interface HttpInit {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Content of `api.token`. Never logged. */
  readonly token: string;
  /** Lets clients that are not on loopback read without the token. */
  readonly publicRead: boolean;
  /** Origins (`https://host[:port]`) whose pages may call this node; their hosts are good `Host`s, too. */
  readonly corsOrigins: readonly string[];
  readonly maxBodyBytes: number;
  /** Per remote address; loopback is exempt; 0 means no limit. */
  readonly rateLimitPerMinute: number;
  readonly maxSseClients: number;
  readonly maxWsClients: number;
  /** Bytes that may wait for one SSE or WebSocket client. Default 1 MiB. */
  readonly maxClientBytes?: number;
  /** Addresses and networks that may open more streams and sockets than one source's share. Default none. */
  readonly trustedSources?: readonly string[];
  /** Seconds of silence after which a WebSocket client is gone; it is pinged after half of them. Default 60. */
  readonly wsIdleSeconds?: number;
}

/** The whole API without a socket: what `Deno.serve` calls, and tests too. */
export interface HttpApp {
  /** Answers one request. Without `info` the client counts as one on loopback. */
  fetch(request: Request, info?: RequestInfo): Response | Promise<Response>;
  /** `fetch` of `http://localhost<path>`, for tests. */
  request(path: string, init?: RequestInit, info?: RequestInfo): Promise<Response>;
}

/** The part of `Deno.ServeHandlerInfo` that the service reads. */
export interface RequestInfo {
  readonly remoteAddr: Deno.Addr;
  /** Settles when the answer is sent or the client is gone. */
  readonly completed?: Promise<void>;
}

/** The HTTP service. */
export interface HttpService {
  /**
   * Listens. Needs `--allow-net=<host>:<port>`.
   * @throws {CommonsError} `HTTP_LISTEN_FAILED` naming the address
   */
  start(): Promise<{ readonly url: string }>;
  /** Ends streams and sockets, takes no more requests and waits up to 2 s for those under way. Idempotent. */
  stop(): Promise<void>;
  readonly app: HttpApp;
}
