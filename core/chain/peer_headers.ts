import { type Clock, CommonsError, HEADER_BYTES, TtlSet } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import {
  decodeHeadersQuestion,
  MAX_ANSWER_BYTES,
  MAX_QUESTION_BYTES,
  PEER_HEADERS_PROTOCOL,
} from "./peer_headers_codec.ts";
import { PeerHeadersSync } from "./peer_headers_sync.ts";
import type { AskedPeer, HeadersOutcome, HeadersPort, MissingParent } from "./peer_headers_types.ts";
import { headersFor } from "./peers/serve_headers.ts";
import type { SourceDesk } from "./source_types.ts";
import type { HeaderChain } from "./types.ts";

/** What the node that serves the protocol allows each peer, and the sizes. */
export const PEER_HEADERS_LIMITS = {
  protocol: PEER_HEADERS_PROTOCOL,
  maxRequestBytes: MAX_QUESTION_BYTES,
  maxAnswerBytes: MAX_ANSWER_BYTES,
  limits: { perPeer: 2, total: 16, rate: { perSecond: 5, burst: 40 } },
} as const;

/** Peers that are asked at the same time; another one only when those before have brought nothing for a while. */
const MAX_SYNCS = 3;
const QUIET_MS = 10_000;
/** Peers that are asked for one header, one after the other, while their answers are of no use. */
const MAX_TRIES = 4;
/** Headers that wait until the peers that are asked now are done. */
const MAX_WAITING = 64;
const MAX_RESTING = 1_024;
const SWEEP_MS = 60_000;
/** How long a peer is not asked again after it had nothing new, and after a fault. */
const REST_MS = 30_000;
const LONG_REST_MS = 10 * 60_000;
const LONG_REST: ReadonlySet<HeadersOutcome> = new Set(["broken", "silent", "low_work", "unsupported"]);

export interface PeerHeadersComponents {
  readonly chain: HeaderChain;
  readonly port: HeadersPort;
  readonly clock: Clock;
  readonly desk: SourceDesk;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** Hears what came of each peer that was asked; must not throw. */
  readonly onAsked?: ((asked: AskedPeer) => void) | undefined;
}

/** Headers from and for other nodes, by the protocol of {@linkcode PEER_HEADERS_LIMITS}. */
export interface PeerHeaders {
  /**
   * The answer to a peer's question: up to 2,000 headers of 80 bytes; `undefined` when there is none for it: it follows
   * another chain, or this one is not far enough.
   * @throws {CommonsError} `BAD_QUESTION`
   */
  answer(question: Uint8Array): Uint8Array | undefined;
  /** A header was heard whose parent is not known: somebody is asked for what lies between, sooner or later. */
  missing(header: MissingParent): void;
  /** Ends what is under way. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Follows up headers whose parents are missing: asks the peer that told of them when it is connected, else any that
 * speaks the protocol, one question at a time each, until the chain has what that peer has. Peers whose answers are of
 * no use are left alone for a while.
 */
export function createPeerHeaders(components: PeerHeadersComponents): PeerHeaders {
  return new Service(components);
}

interface Wanted {
  readonly header: MissingParent;
  /** Peers that were asked in vain. */
  readonly tries: number;
}

class Service implements PeerHeaders {
  readonly #components: PeerHeadersComponents;
  readonly #abort = new AbortController();
  readonly #syncs = new Map<string, Promise<void>>();
  /** By hash, oldest first. */
  readonly #waiting = new Map<string, Wanted>();
  readonly #resting: TtlSet<string>;
  readonly #restingLong: TtlSet<string>;
  readonly #outcomes = new Map<HeadersOutcome, number>();
  readonly #sources = new Set<string>();
  readonly #sweep: Disposable;
  #progressAt = 0;
  #retry: Disposable | undefined;

  constructor(components: PeerHeadersComponents) {
    const { clock, metrics } = components;
    this.#components = components;
    this.#resting = new TtlSet({ clock, ttlMs: REST_MS, capacity: MAX_RESTING });
    this.#restingLong = new TtlSet({ clock, ttlMs: LONG_REST_MS, capacity: MAX_RESTING });
    this.#sweep = clock.every(SWEEP_MS, () => this.#forgetGone());
    metrics?.collect({
      name: "commons_chain_peer_syncs_total",
      help: "Peers that were asked for headers, by what came of it.",
      labels: ["outcome"],
      kind: "counter",
    }, () => [...this.#outcomes].map(([outcome, count]) => [count, { outcome }] as const));
  }

  answer(question: Uint8Array): Uint8Array | undefined {
    const { chain } = this.#components;
    const { locator, stop, count } = decodeHeadersQuestion(question);
    const headers = headersFor(chain, { locator, stop: stop ?? chain.tip().hash });
    return headers?.subarray(0, count * HEADER_BYTES);
  }

  missing(header: MissingParent): void {
    this.#keep({ header, tries: 0 });
    this.#next();
  }

  async stop(): Promise<void> {
    this.#abort.abort(
      new CommonsError("UNAVAILABLE", "Cannot finish the sync of headers: the node is stopping"),
    );
    this.#retry?.[Symbol.dispose]();
    this.#sweep[Symbol.dispose]();
    this.#waiting.clear();
    await Promise.all(this.#syncs.values());
    for (const source of this.#sources) this.#components.desk.forget(source);
  }

  #keep(wanted: Wanted): void {
    const { hash } = wanted.header;
    if (this.#abort.signal.aborted) return;
    this.#waiting.delete(hash); // to the end of the queue
    this.#waiting.set(hash, wanted);
    if (this.#waiting.size > MAX_WAITING) this.#dropOldest();
  }

  #isMissing({ hash }: MissingParent): boolean {
    return this.#components.chain.header(hash) === undefined;
  }

  #dropOldest(): void {
    const oldest = this.#waiting.keys().next();
    if (oldest.done !== true) this.#waiting.delete(oldest.value);
  }

  /** Asks somebody for the header that was heard last, when nobody brings news now. */
  #next(): void {
    if (this.#waiting.size === 0) return;
    // asked for each header that is heard, so what is cheap comes first
    if (this.#isBusy() || this.#free().length === 0) return this.#lookLater();
    for (const wanted of [...this.#waiting.values()].reverse()) {
      const { hash } = wanted.header;
      if (!this.#isMissing(wanted.header)) this.#waiting.delete(hash);
      else if (this.#isBusy()) return this.#lookLater();
      else {
        const peerId = this.#choose(wanted.header);
        if (peerId === undefined) break;
        this.#waiting.delete(hash);
        this.#start(peerId, wanted);
      }
    }
    if (this.#waiting.size > 0) this.#lookLater();
  }

  #isBusy(): boolean {
    const { clock } = this.#components;
    return this.#syncs.size >= MAX_SYNCS ||
      (this.#syncs.size > 0 && clock.monotonic() - this.#progressAt < QUIET_MS);
  }

  #lookLater(): void {
    if (this.#retry !== undefined || this.#abort.signal.aborted) return;
    this.#retry = this.#components.clock.after(QUIET_MS, () => {
      this.#retry = undefined;
      this.#next();
    });
  }

  /** Who told it, when it can be asked, else anybody. */
  #choose({ peerId }: MissingParent): string | undefined {
    const free = this.#free();
    return free.includes(peerId) ? peerId : free[0];
  }

  /** Peers that may be asked now. */
  #free(): readonly string[] {
    return this.#components.port.speakers().filter((id) =>
      !this.#syncs.has(id) && !this.#resting.has(id) && !this.#restingLong.has(id)
    );
  }

  #start(peerId: string, { header, tries }: Wanted): void {
    const source = sourceOf(peerId);
    const { desk, clock, logger, onAsked } = this.#components;
    this.#sources.add(source);
    this.#progressAt = clock.monotonic();
    const sync = new PeerHeadersSync(this.#components, {
      peerId,
      source,
      signal: this.#abort.signal,
      onProgress: () => this.#progressAt = clock.monotonic(),
    });
    const telling = desk.syncing(source, header.height);
    const work = sync.run().then((outcome) => {
      telling[Symbol.dispose]();
      this.#syncs.delete(peerId);
      this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
      onAsked?.({ peerId, outcome, answerMs: sync.answerMs });
      logger.debug("a peer was asked for headers", { peerId, outcome, accepted: sync.accepted });
      if (LONG_REST.has(outcome)) this.#restingLong.add(peerId);
      else if (outcome !== "caught_up") this.#resting.add(peerId);
      if (outcome !== "nothing" && tries + 1 < MAX_TRIES && this.#isMissing(header)) {
        this.#keep({ header, tries: tries + 1 });
      }
      this.#forgetGone();
      this.#next();
    });
    this.#syncs.set(peerId, work);
  }

  /** What peers said that are not connected any more counts for nothing; of those that are asked, once that is over. */
  #forgetGone(): void {
    const here = new Set([...this.#components.port.speakers(), ...this.#syncs.keys()].map(sourceOf));
    for (const source of this.#sources) {
      if (here.has(source)) continue;
      this.#sources.delete(source);
      this.#components.desk.forget(source);
    }
  }
}

/** Name of a peer at the desk. */
function sourceOf(peerId: string): string {
  return `commons-peer ${peerId}`;
}
