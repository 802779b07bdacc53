import {
  type Clock,
  CommonsError,
  errorText,
  jitter,
  type PeerIdText,
  type Random,
  type Timer,
} from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { PeerAddress } from "./addresses.ts";

/** Most static peers of one node, those added at run time included. */
export const MAX_STATIC_PEERS = 256;

/** Addresses of one of them. */
const MAX_ADDRESSES = 8;
const MISSING_ROUND_MS = 5_000;
const COMPLETE_ROUND_MS = 30_000;
const LOST_ROUND_MS = 1_000;
const BACKOFF_FACTOR = 1.25;
const BACKOFF_LIMIT_MS = 60_000;
const JITTER = 0.2;

export interface StaticPeersComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Connects to one of the addresses, with a deadline of its own; rejects when it can't. */
  dial(peer: StaticPeer, options: { readonly signal: AbortSignal }): Promise<void>;
  isConnected(peerId: PeerIdText): boolean;
}

/** A chosen peer with all addresses that it was given, the latest first. */
export interface StaticPeer {
  readonly peerId: PeerIdText;
  readonly addresses: readonly PeerAddress["address"][];
}

interface Kept {
  readonly peer: StaticPeer;
  failures: number;
  /** Monotonic milliseconds before which the peer is left alone. */
  notBefore: number;
  dialing: boolean;
}

/**
 * Keeps connections to chosen peers: looks every 5 s while one is missing and every 30 s otherwise (with jitter), and
 * leaves a peer that does not answer alone for longer each time, up to a minute.
 */
export class StaticPeers {
  readonly #components: StaticPeersComponents;
  readonly #peers = new Map<PeerIdText, Kept>();
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  /** Monotonic milliseconds of the next look. */
  #due = 0;
  #started = false;

  constructor(components: StaticPeersComponents) {
    this.#components = components;
  }

  /** Keeps a peer from now on; a known one gets one more address. @throws {CommonsError} `TOO_MANY_PEERS` */
  add({ peerId, address }: PeerAddress): void {
    this.assertRoom(peerId);
    const known = this.#peers.get(peerId)?.peer.addresses.filter((one) => !one.equals(address)) ?? [];
    const addresses = [address, ...known].slice(0, MAX_ADDRESSES);
    this.#peers.set(peerId, { peer: { peerId, addresses }, failures: 0, notBefore: 0, dialing: false });
    if (this.#started) this.#lookWithin(MISSING_ROUND_MS);
  }

  /** @throws {CommonsError} `TOO_MANY_PEERS` when `peerId` could not be added now */
  assertRoom(peerId: PeerIdText): void {
    if (this.#peers.size < MAX_STATIC_PEERS || this.#peers.has(peerId)) return;
    throw new CommonsError("TOO_MANY_PEERS", `Cannot add a peer: ${MAX_STATIC_PEERS} are kept already`);
  }

  /** Stops keeping a peer; its connection stays. False when it was not kept. */
  remove(peerId: string): boolean {
    return this.#peers.delete(peerId as PeerIdText); // only a key to look up
  }

  has(peerId: string): boolean {
    return this.#peers.has(peerId as PeerIdText); // only a key to look up
  }

  /** Addresses of the kept peers, connected or not. */
  addresses(): readonly string[] {
    return [...this.#peers.values()].flatMap(({ peer }) => peer.addresses.map(String));
  }

  /** A connection to `peerId` ended: if the peer is kept, it is dialled again in about a second. */
  lost(peerId: string): void {
    const kept = this.#peers.get(peerId as PeerIdText); // only a key to look up
    if (kept === undefined || !this.#started) return;
    kept.failures = 0;
    kept.notBefore = 0;
    this.#lookWithin(LOST_ROUND_MS);
  }

  start(): void {
    this.#started = true;
    this.#look();
  }

  stop(): void {
    this.#started = false;
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot dial: the node is stopping"));
    this.#timer?.[Symbol.dispose]();
  }

  #look(): void {
    const now = this.#components.clock.monotonic();
    let missing = false;
    for (const [peerId, kept] of this.#peers) {
      if (this.#components.isConnected(peerId)) {
        kept.failures = 0;
        continue;
      }
      missing = true;
      if (!kept.dialing && kept.notBefore <= now) void this.#dial(kept);
    }
    this.#schedule(missing ? MISSING_ROUND_MS : COMPLETE_ROUND_MS);
  }

  async #dial(kept: Kept): Promise<void> {
    const { clock, logger } = this.#components;
    const { signal } = this.#abort;
    kept.dialing = true;
    try {
      await this.#components.dial(kept.peer, { signal });
      kept.failures = 0;
      logger.info("static peer connected", { peerId: kept.peer.peerId });
    } catch (error) {
      if (signal.aborted) return;
      const wait = Math.min(BACKOFF_LIMIT_MS, MISSING_ROUND_MS * BACKOFF_FACTOR ** kept.failures);
      kept.failures++;
      kept.notBefore = clock.monotonic() + wait * (1 - JITTER);
      const log = kept.failures === 1 ? logger.warn : logger.debug; // once per outage is enough to know
      log.call(logger, "static peer cannot be reached", {
        peerId: kept.peer.peerId,
        failures: kept.failures,
        error: errorText(error),
      });
    } finally {
      kept.dialing = false;
    }
  }

  /** Looks again within `ms`, unless that is planned already. */
  #lookWithin(ms: number): void {
    if (this.#due - this.#components.clock.monotonic() > ms) this.#schedule(ms);
  }

  #schedule(ms: number): void {
    const { clock, random } = this.#components;
    const wait = jitter(random, ms, JITTER);
    this.#timer?.[Symbol.dispose]();
    this.#due = clock.monotonic() + wait;
    this.#timer = clock.after(wait, () => this.#look());
  }
}
