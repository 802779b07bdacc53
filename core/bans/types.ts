import type { Clock } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { Offence } from "./offences.ts";
import type { BanKind } from "./target.ts";

/** Who made a ban. Operators' bans are never evicted, and never shortened by those of modules or by automatic ones. */
export type BanSource = "operator" | "module" | "auto";

/** One ban. Times are Unix milliseconds. */
export interface BanEntry {
  /** Canonical: see `parseBanTarget`. */
  readonly target: string;
  readonly kind: BanKind;
  readonly created: number;
  /** When it ends; `null` = never. */
  readonly until: number | null;
  /** One clean line. */
  readonly reason: string;
  readonly source: BanSource;
  /** What it has refused: connections, dials, messages, requests. Kept over clean stops. */
  readonly hits: number;
  /** Of an automatic ban of a peer: the direct public address that it came from (IPv6: its /64). */
  readonly address?: string;
}

/** Terms of a ban; at most one of `durationMs` and `until`. Neither: the default duration. */
export interface BanOptions {
  readonly durationMs?: number;
  /** Unix milliseconds; `null` = for good. */
  readonly until?: number | null;
  /** Shown in lists and logs; control characters go, 256 characters stay. */
  readonly reason?: string;
}

/** Terms of a ban by a module. */
export interface ModuleBanOptions extends Omit<BanOptions, "reason"> {
  /** Multiaddrs, each with the peer's id, of connected peers that the operator chose: these are not banned. */
  readonly chosen?: readonly string[];
}

/** What is known when an offence is noticed. */
export interface OffenceContext {
  /** Multiaddr of the peer's connection. Only the address of a direct one on the public internet is ever used. */
  readonly address?: string;
  /** The operator chose this peer (a static peer): it is warned about and never banned by its score. */
  readonly trusted?: boolean;
}

/** One offence that counted. */
export interface OffenceRecord {
  readonly offence: Offence;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Score of a peer, decayed to now. */
export interface PeerScore {
  /** Points; banned at the threshold. */
  readonly score: number;
  readonly banned: boolean;
  /** Newest last, at most 20. */
  readonly offences: readonly OffenceRecord[];
}

/**
 * What the network asks and tells. The questions are synchronous, never throw and count as a hit of the ban that
 * answers them; what is no address or peer id is not banned.
 */
export interface BanGate {
  isBannedPeer(peerId: string): boolean;
  /** `address`: IPv4 or IPv6 without port; a zone (`%eth0`) is ignored, IPv4-mapped IPv6 is IPv4. */
  isBannedIp(address: string): boolean;
  /** True when an address or peer id in the multiaddr is banned, a relay's included. Names are not resolved. */
  isBannedMultiaddr(multiaddr: string): boolean;
  /** True while any address or network is banned: before work that only makes sense then. */
  hasAddresses(): boolean;
  /** Adds points for an offence (an unknown name counts as `unknown`); at the threshold the peer is banned. */
  addScore(peerId: string, offence: string, context?: OffenceContext): PeerScore;
  score(peerId: string): PeerScore;
  /** Calls `listener` at once for each new ban, so that live connections can be closed. A throw is logged. */
  onBan(listener: (entry: BanEntry) => void): Disposable;
}

/** Bans of peers, addresses and networks: persistent, expiring, bounded; and the scores that lead to them. */
export interface BanService extends BanGate {
  /** Loads the bans of earlier runs. To be awaited before anything listens. @throws {CommonsError} of the store */
  start(): Promise<void>;
  /** Writes what is not written yet and stops the timers. Harmless when repeated. */
  stop(): Promise<void>;
  /**
   * Bans by the operator's word; replaces an existing ban of the same target. It holds at once; when the promise
   * resolves it is on disk. When that fails it holds until the node stops, and the write is tried again.
   * @throws {CommonsError} `INVALID_BAN_TARGET`, `INVALID_BAN_TIME`, `BANS_FULL`, those of the store
   */
  ban(target: string, options?: BanOptions): Promise<BanEntry>;
  /**
   * Bans an address or a peer by the word of a module, whose name is the ban's reason. `target` may also be the multiaddr
   * of a peer: its address, or its id where that address is a relay's or a name. A ban of the same target that an
   * operator made, or that lasts longer, stays as it is and is the answer. Modules hold at most a quarter of
   * `maxEntries`.
   * @throws {CommonsError} `INVALID_BAN_TARGET` (also for networks), `INVALID_BAN_TIME`, `BAN_NOT_ALLOWED` for what
   * `BanInit.allow` names and for chosen peers, `BANS_FULL`, those of the store
   */
  banFor(module: string, target: string, options?: ModuleBanOptions): Promise<BanEntry>;
  /**
   * Lifts the ban of exactly this target and forgets the peer's score. False when there is none.
   * @throws {CommonsError} `INVALID_BAN_TARGET`, those of the store
   */
  unban(target: string): Promise<boolean>;
  /** Lifts every ban and forgets every score; answers how many bans there were. @throws {CommonsError} of the store */
  clear(): Promise<number>;
  /** Every ban that holds, by kind and target. */
  list(): readonly BanEntry[];
  /** The ban that covers a target: its own, else that of the longest network around it. Counts no hit. */
  find(target: string): BanEntry | undefined;
  /** Forgets the points of a peer; its ban stays. */
  resetScore(peerId: string): void;
}

/** What {@linkcode createBanService} needs. */
export interface BanComponents {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: Pick<EventBus, "publish">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Settings; the names follow `[bans]` of the configuration. */
export interface BanInit {
  /** Of automatic bans, and of operators' that say no other. */
  readonly defaultDurationMs: number;
  readonly maxEntries: number;
  /** Score at which a peer is banned. */
  readonly threshold: number;
  /** Peer ids, addresses and networks that are never banned automatically. Operators' bans win over it. */
  readonly allow?: readonly string[];
  /**
   * Automatic bans of peers from one public address after which the address is banned, too; 0 or absent = never. As much
   * as so many bans are points of its peers together that take as many thresholds. Peer
   * ids cost nothing to make, so a ban of the id alone only stops the honest; but several honest nodes may share an
   * address, so one offender does not take the others with it.
   */
  readonly banIpAfter?: number;
}
