import {
  BoundedQueue,
  type Clock,
  errorText,
  jitter,
  type PeerIdText,
  type Random,
  type Timer,
} from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { DialBackoff } from "./discovery_backoff.ts";
import { type Candidate, dialFailure, type SkipReason, skipReason } from "./discovery_skip.ts";

/** The DHT as the discovery sees it. */
export interface Routing {
  /** How many peers can be asked. */
  size(): number;
  /** Says that this node is on a topic; answers how many peers noted it. */
  advertise(topic: string, options: { readonly signal: AbortSignal }): Promise<number>;
  /** Peers that said that they are on a topic. */
  find(topic: string, options: { readonly signal: AbortSignal }): AsyncIterable<Candidate>;
}

export interface DiscoveryComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Absent without a DHT. */
  readonly routing?: Routing | undefined;
  /** Connects, with a deadline of its own; rejects when it can't. */
  dial(candidate: Candidate, options: { readonly signal: AbortSignal }): Promise<void>;
  isConnected(peerId: PeerIdText): boolean;
  /** True for peers that something else keeps connected. */
  isKept(peerId: PeerIdText): boolean;
  isBanned(candidate: Candidate): boolean;
  /** How many more peers the node wants. */
  wanted(): number;
  /** True while nobody at all is connected: then the node itself may be what is cut off, not all the others. */
  isAlone(): boolean;
  /** Good peers of earlier days, tried again while the node is alone; absent: none. */
  known?(): readonly Candidate[];
  /** Closes the connection to a peer that was dialled beyond those that there is room for; absent: none is. */
  release?(peerId: PeerIdText): void;
}

export interface DiscoveryInit {
  readonly self: PeerIdText;
  /** Names on the wire. */
  readonly topics: readonly string[];
  /** Entry points of the DHT: dialled while it knows nobody, however many peers there are, and while the node is alone. */
  readonly bootstrap: readonly Candidate[];
  readonly timing?: Partial<DiscoveryTiming> | undefined;
}

/** Milliseconds; all but the deadline vary by a fifth. */
export interface DiscoveryTiming {
  /** Between rounds while there is nobody to ask or nobody connected, and otherwise. */
  readonly lonely: number;
  readonly steady: number;
  /** From the first announcement of a topic to the second, made when few were known, and between later ones. */
  readonly readvertiseFirst: number;
  readonly readvertise: number;
  /** Between looks at one more peer when there are enough. */
  readonly explore: number;
  /** Longest question or announcement. */
  readonly query: number;
}

const TIMING: DiscoveryTiming = {
  lonely: 5_000,
  steady: 30_000,
  readvertiseFirst: 5 * 60_000,
  readvertise: 3_600_000,
  explore: 5 * 60_000,
  query: 20_000,
};
const JITTER = 0.2;
/** From the arrival of the first peer to the question: the DHT has to look at it first. */
const MET_MS = 200;
/** Dials at a time. */
const MAX_DIALING = 8;
/** Peers beyond those wanted, up to which one more is looked for now and then; then one takes the place of another. */
const MAX_SPARE = 4;
/** Looks at one more peer from one at an entry point to the next. */
const ENTRY_TURN = 6;
/** Candidates that wait for the next round. */
const MAX_OFFERED = 256;
/** Candidates looked at for one topic and round. */
const MAX_FOUND = 128;

/** How often each thing happened since the start. */
export interface DiscoveryCounts {
  readonly dialed: number;
  readonly failed: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
}

/**
 * Finds peers of the node's topics: announces the node on each topic, asks who else is there, and dials those that the
 * skip rules leave, few at a time, until there are as many as wanted. Then it still dials one more now and then: parts of a
 * network that were cut from each other, each with peers enough, would stay apart after the cut is healed.
 */
export class Discovery {
  readonly #components: DiscoveryComponents;
  readonly #init: DiscoveryInit;
  readonly #timing: DiscoveryTiming;
  readonly #backoff: DialBackoff;
  readonly #abort = new AbortController();
  readonly #dialing = new Map<PeerIdText, Promise<void>>();
  readonly #offered = new BoundedQueue<Candidate>(MAX_OFFERED, "drop_oldest");
  readonly #skipped = new Map<SkipReason, number>();
  /** By topic: how often it was announced, and the monotonic milliseconds of the next time. */
  readonly #announced = new Map<string, { readonly count: number; readonly due: number }>();
  #dialed = 0;
  #failed = 0;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #waits = false;
  #lonely = false;
  /** Monotonic milliseconds. */
  #exploreDue = 0;
  /** Whether this round may dial one peer although there are enough. */
  #exploring = false;
  #explorations = 0;
  /** Dialled beyond the spare peers: the next one takes its place. */
  #guest: PeerIdText | undefined;

  constructor(components: DiscoveryComponents, init: DiscoveryInit) {
    this.#components = components;
    this.#init = init;
    this.#timing = timingOf(init.timing ?? {});
    this.#backoff = new DialBackoff(components);
  }

  start(): void {
    const { routing, logger } = this.#components;
    if (routing !== undefined && this.#init.bootstrap.length === 0) {
      logger.info("the DHT has no bootstrap peers: it waits for somebody to connect");
    }
    this.#planExploring();
    this.#run();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.[Symbol.dispose]();
    await this.#round;
    await Promise.all(this.#dialing.values());
  }

  /** Peers that are known from elsewhere; looked at soon. */
  offer(candidates: Iterable<Candidate>): void {
    for (const candidate of candidates) this.#offered.push(candidate);
    if (this.#offered.length > 0) this.#soon();
  }

  counts(): DiscoveryCounts {
    return { dialed: this.#dialed, failed: this.#failed, skipped: Object.fromEntries(this.#skipped) };
  }

  /** Somebody came who may be asked: when the last round found nobody, the next begins in a moment. */
  met(): void {
    if (!this.#lonely || this.#round !== undefined || this.#abort.signal.aborted) return;
    this.#lonely = false;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#components.clock.after(Math.min(MET_MS, this.#timing.lonely), () => this.#run());
  }

  /** Begins a round now, or right after the one under way. */
  #soon(): void {
    if (this.#abort.signal.aborted) return;
    if (this.#round === undefined) this.#run();
    else this.#waits = true;
  }

  #run(): void {
    this.#timer?.[Symbol.dispose]();
    this.#waits = false;
    this.#round = this.#look().catch((error) => {
      if (this.#abort.signal.aborted) return;
      this.#components.logger.warn("peer discovery failed", { error: errorText(error) });
    }).finally(() => {
      this.#round = undefined;
      if (!this.#abort.signal.aborted) this.#schedule();
    });
  }

  #schedule(): void {
    const { clock, random, routing, isAlone } = this.#components;
    this.#lonely = routing?.size() === 0 || isAlone();
    const wait = jitter(random, this.#lonely ? this.#timing.lonely : this.#timing.steady, JITTER);
    this.#timer = clock.after(this.#waits ? 0 : wait, () => this.#run());
  }

  async #look(): Promise<void> {
    const { routing, isAlone, known } = this.#components;
    if (isAlone()) { for (const peer of known?.() ?? []) this.#offered.push(peer); }
    for (let next = this.#offered.shift(); next !== undefined; next = this.#offered.shift()) {
      if (this.#room() > 0) this.#consider(next);
    }
    if (routing === undefined) return;
    if (routing.size() === 0 || isAlone()) {
      this.#init.bootstrap.forEach((peer) => this.#consider(peer));
      await Promise.all(this.#dialing.values());
    }
    if (routing.size() === 0) return;
    if (this.#components.clock.monotonic() >= this.#exploreDue) this.#explore();
    await Promise.all(this.#init.topics.map((topic) => this.#visit(topic, routing)));
    this.#exploring = false;
  }

  /**
   * Lets this round dial one more peer than there is room for. Whoever has peers enough does so too, or two parts of a
   * network that have forgotten each other would each be content; and asks an entry point at times, whom both know.
   */
  #explore(): void {
    const { wanted, release } = this.#components;
    this.#planExploring();
    this.#exploring = true;
    if (this.#guest !== undefined && wanted() < -MAX_SPARE) release?.(this.#guest);
    this.#guest = undefined;
    if (this.#explorations++ % ENTRY_TURN !== 0) return;
    for (const peer of this.#init.bootstrap) if (this.#exploring) this.#consider(peer);
  }

  #planExploring(): void {
    const { clock, random } = this.#components;
    this.#exploreDue = clock.monotonic() + jitter(random, this.#timing.explore, JITTER);
  }

  /** One topic of one round; its failure does not stop the others. */
  async #visit(topic: string, routing: Routing): Promise<void> {
    const { clock, logger } = this.#components;
    using deadline = deadlineSignal(clock, { ms: this.#timing.query, parent: this.#abort.signal });
    const { signal } = deadline;
    try {
      await this.#announce(topic, { routing, signal });
      if (this.#room() <= 0) return;
      let found = 0;
      for await (const candidate of routing.find(topic, { signal })) {
        this.#consider(candidate);
        if (++found >= MAX_FOUND || this.#room() <= 0) return;
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) {
        logger.debug("cannot ask the DHT", { topic, error: errorText(error) });
      }
    }
  }

  async #announce(
    topic: string,
    { routing, signal }: { readonly routing: Routing; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, random } = this.#components;
    const { count, due } = this.#announced.get(topic) ?? { count: 0, due: 0 };
    if (clock.monotonic() < due) return;
    const noted = await routing.advertise(topic, { signal });
    if (noted === 0) return; // again in the next round
    const wait = count === 0 ? this.#timing.readvertiseFirst : this.#timing.readvertise;
    this.#announced.set(topic, { count: count + 1, due: clock.monotonic() + jitter(random, wait, JITTER) });
  }

  /** How many more dials make sense now. */
  #room(): number {
    const { wanted, release } = this.#components;
    const open = wanted();
    const mayExplore = this.#exploring && (open > -MAX_SPARE || release !== undefined);
    return Math.min(MAX_DIALING, open <= 0 && mayExplore ? 1 : open) - this.#dialing.size;
  }

  #consider(candidate: Candidate): void {
    if (this.#dialing.size >= MAX_DIALING || this.#abort.signal.aborted) return;
    const { clock, isConnected, isBanned, isKept, isAlone, wanted } = this.#components;
    const reason = skipReason(candidate, {
      self: this.#init.self,
      now: clock.monotonic(),
      isConnected,
      isDialing: (peerId) => this.#dialing.has(peerId) || isKept(peerId),
      isBanned,
      failedDials: (peerId) => this.#backoff.get(peerId, { alone: isAlone() }),
    });
    if (reason !== undefined) {
      this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
      return;
    }
    const { peerId } = candidate;
    if (this.#exploring && wanted() <= -MAX_SPARE) this.#guest = peerId;
    this.#exploring = false;
    this.#dialing.set(peerId, this.#dial(candidate).finally(() => this.#dialing.delete(peerId)));
  }

  async #dial(candidate: Candidate): Promise<void> {
    const { signal } = this.#abort;
    try {
      await this.#components.dial(candidate, { signal });
      this.#dialed++;
      this.#backoff.succeeded(candidate.peerId);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed++;
      this.#backoff.failed(candidate, dialFailure(error));
      this.#components.logger.debug("found peer cannot be reached", {
        peerId: candidate.peerId,
        error: errorText(error),
      });
    }
  }
}

function timingOf(given: Partial<DiscoveryTiming>): DiscoveryTiming {
  const { lonely, steady, readvertiseFirst, readvertise, explore, query } = TIMING;
  return {
    lonely: given.lonely ?? lonely,
    steady: given.steady ?? steady,
    readvertiseFirst: given.readvertiseFirst ?? readvertiseFirst,
    readvertise: given.readvertise ?? readvertise,
    explore: given.explore ?? explore,
    query: given.query ?? query,
  };
}

/** A signal that aborts with its parent or after a time; disposing ends the wait. */
function deadlineSignal(
  clock: Clock,
  { ms, parent }: { readonly ms: number; readonly parent: AbortSignal },
): Disposable & { readonly signal: AbortSignal } {
  const own = new AbortController();
  const timer = clock.after(ms, () => own.abort(new Error("the deadline is over")));
  return {
    signal: AbortSignal.any([own.signal, parent]),
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
