import { CommonsError, errorText, TokenBucket, TtlSet } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { Announcers, SPAM_REPEATS } from "./announcers.ts";
import { AuthorLimits } from "./author_limits.ts";
import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import { TopicCounters } from "./counters.ts";
import { type EnvelopeForm, readEnvelope, writeEnvelope } from "./envelope.ts";
import { NewestByAuthor } from "./newest.ts";
import { RecentMap } from "./recent_map.ts";
import type { ListenMode } from "./types.ts";
import { type Accepted, type Announcement, ignore, type Refused, reject, type Verdict } from "./verdict.ts";

/** Code of what is ignored from a peer that is to be unheard for a while. */
export const RELAY_FLOOD_CODE = "RELAY_FLOOD";

/** How long and for how many messages repeats are recognised. */
const REPEAT_TTL_MS = 30 * 60 * 1000;
const REPEAT_CAPACITY = 10_000;

/** Others count this node's repeats; a few that they count and this one does not are left to be safe. */
const MAX_OWN_REPEATS = SPAM_REPEATS - 10;
const MAX_OWN_HASHES = 1_000;

const TOO_LARGE = reject("MESSAGE_TOO_LARGE", "the message is over the size cap of its topic");
const DUPLICATE = ignore("DUPLICATE", "the same announcement was accepted before");
const FAILED = ignore("INTERNAL", "the check itself failed");
const LIMITED = ignore("RATE_LIMITED", "the author or the peer sends more of this kind than is looked at");
const FLOOD = reject("FLOOD", "the peer keeps sending far more of this kind than is looked at");
const RELAY_FLOOD = ignore(
  RELAY_FLOOD_CODE,
  "the peer passes on far more of this kind than an honest one could",
);
const SPAM = reject("SPAM", "the author keeps announcing the same thing");
const STALE = ignore("STALE", "the author has said something newer");

export interface TopicDeskInit {
  readonly codec: TopicCodec;
  /** Name of the topic on the wire. */
  readonly path: string;
  readonly logger: Logger;
}

/** A message of the node's own, ready to be sent. */
export interface Draft {
  readonly message: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly accepted: Accepted;
}

/** Everything about one joined topic that does not need the network: judging, counting, repeats, writing. */
export class TopicDesk {
  readonly path: string;
  readonly codec: TopicCodec;
  readonly counters: TopicCounters;
  readonly #logger: Logger;
  readonly #seen: TtlSet<string>;
  /**
   * What came over a stream from the peer itself. It must not stand in the way of gossip: nobody forwards it, and a peer
   * that is quicker than gossip would keep a block from everybody behind this node.
   */
  readonly #seenDirect: TtlSet<string>;
  readonly #limits: AuthorLimits | undefined;
  readonly #own: TokenBucket | undefined;
  readonly #newest: NewestByAuthor;
  readonly #announcers = new Announcers();
  /** How often the node itself said the same thing, and when (monotonic milliseconds) it did first. */
  readonly #said = new RecentMap<string, { times: number; readonly since: number }>(MAX_OWN_HASHES);
  readonly #clock: CheckContext["clock"];

  constructor(init: TopicDeskInit & Pick<CheckContext, "clock">) {
    const { codec, clock } = init;
    this.codec = codec;
    this.path = init.path;
    this.#clock = clock;
    this.#logger = init.logger;
    this.counters = new TopicCounters(codec.topic);
    this.#seen = new TtlSet({ clock, ttlMs: REPEAT_TTL_MS, capacity: REPEAT_CAPACITY });
    this.#seenDirect = new TtlSet({ clock, ttlMs: REPEAT_TTL_MS, capacity: REPEAT_CAPACITY });
    this.#newest = new NewestByAuthor(clock);
    const ownRate = codec.ownRate ?? codec.limits?.author;
    this.#own = ownRate === undefined ? undefined : new TokenBucket({ clock, ...ownRate });
    this.#limits = codec.limits === undefined ? undefined : new AuthorLimits({ clock, limits: codec.limits });
  }

  /**
   * Decides about a received message and counts it: size, limits, parsing, the kind's own checks. A repeat is recognised
   * last, and only a message that passed everything is remembered, so that a bad message never stands in the way of a
   * good one. Never throws.
   */
  receive(bytes: Uint8Array, context: CheckContext): Verdict {
    return this.#settle(context, {
      size: bytes.length,
      read: () => {
        const read = readEnvelope(bytes);
        return read.ok ? this.codec.check(read.message, context) : read.refused;
      },
    });
  }

  /**
   * The same for a message that came directly, which had to be parsed to know its kind; `size` is that of its bytes. What
   * gossip brings later is no repeat of it.
   */
  receiveParsed(
    message: Readonly<Record<string, unknown>>,
    { size, context }: { readonly size: number; readonly context: CheckContext },
  ): Verdict {
    const { codec } = this;
    const read = () => codec.checkDirect?.(message, context) ?? codec.check(message, context);
    return this.#settle(context, { size, direct: true, read });
  }

  /** Counts a message that was refused before it came here. */
  refused(verdict: Refused, size: number): Refused {
    this.counters.add(verdict, size);
    return verdict;
  }

  /** Who offers the block or subtree of that hash, in the order in which they told. */
  announcersOf(hash: string): readonly Announcement[] {
    return this.#announcers.of(hash);
  }

  /**
   * Fills in, writes and checks a message of the node's own; the context's author is the node.
   * @throws {CommonsError} the validator's code, `BAD_SHAPE` for an unknown field, `NOT_JSON`
   */
  draft(
    message: Readonly<Record<string, unknown>>,
    options: { readonly own: OwnFields; readonly form: EnvelopeForm; readonly context: CheckContext },
  ): Draft {
    const { topic, shape } = this.codec;
    const unknown = Object.keys(message).find((name) => !Object.hasOwn(shape, name));
    if (unknown !== undefined) {
      throw new CommonsError(
        "BAD_SHAPE",
        `Cannot publish to ${topic}: unknown field ${JSON.stringify(unknown.slice(0, 64))}`,
      );
    }
    const complete = this.codec.complete(message, options.own);
    const bytes = write(complete, { form: options.form, name: options.own.clientName });
    const verdict = bytes.length > this.codec.maxBytes
      ? TOO_LARGE
      : this.codec.check(complete, options.context);
    if (verdict.result !== "accept") {
      throw new CommonsError(verdict.code, `Cannot publish to ${topic}: ${verdict.detail}`);
    }
    return { message: complete, bytes, accepted: verdict };
  }

  /**
   * Counts a message that the node is about to publish: others would take more for a flood and ban the node.
   * @throws {CommonsError} `RATE_LIMITED`
   */
  takeTurn({ accepted: { delivery } }: Draft): void {
    const repeats = delivery.announcement && this.#saidOf(delivery.repeatKey)?.times;
    if ((repeats ?? 0) < MAX_OWN_REPEATS && (this.#own === undefined || this.#own.take())) return;
    this.counters.suppressed++;
    throw new CommonsError(
      "RATE_LIMITED",
      `Cannot publish to ${this.codec.topic}: others look at no more messages of one node for now`,
    );
  }

  /** Notes that the node published `draft`: what others say about the same thing from now on is a repeat. */
  published(draft: Draft, recipients: number): void {
    this.counters.published++;
    const { repeatKey } = draft.accepted.delivery;
    if (repeatKey === undefined) return;
    this.#seen.add(repeatKey);
    if (recipients === 0) return; // nobody who could count it
    const said = this.#saidOf(repeatKey);
    if (said !== undefined) said.times++;
    else this.#said.set(repeatKey, { times: 1, since: this.#clock.monotonic() });
  }

  /** True when the node may write this kind in the given mode. */
  mayPublish(mode: ListenMode): boolean {
    return this.codec.publishIn.includes(mode);
  }

  #saidOf(key = ""): { times: number } | undefined {
    const said = this.#said.get(key);
    return said !== undefined && this.#clock.monotonic() - said.since < REPEAT_TTL_MS ? said : undefined;
  }

  #settle(
    context: CheckContext,
    input: { readonly size: number; readonly direct?: boolean; read(): Verdict },
  ): Verdict {
    const { size, direct = false } = input;
    let verdict: Verdict;
    try {
      verdict = this.#admission(context, size) ?? this.#firstOf(input.read(), { context, direct });
      if (verdict === STALE || verdict === DUPLICATE) this.#forgive(context);
    } catch (error) {
      this.#logger.error("gossip check failed", { topic: this.codec.topic, error: errorText(error) });
      verdict = FAILED;
    }
    this.counters.add(verdict, size);
    return verdict;
  }

  #admission({ author, source }: CheckContext, size: number): Refused | undefined {
    if (size > this.codec.maxBytes) return TOO_LARGE;
    switch (this.#limits?.admit(author, source)) {
      case "limited":
        return LIMITED;
      case "flood":
        return FLOOD;
      case "relay_flood":
        return RELAY_FLOOD;
      default:
        return undefined;
    }
  }

  /** What others repeat of an author must not silence it; it costs them their own share. */
  #forgive({ author, source }: CheckContext): void {
    if (author !== source) this.#limits?.giveBack(author);
  }

  /** The verdict, unless the message repeats or is older than what was accepted before. */
  #firstOf(
    verdict: Verdict,
    { context: { author, source }, direct }: { readonly context: CheckContext; readonly direct: boolean },
  ): Verdict {
    if (verdict.result !== "accept") return verdict;
    const { repeatKey, order, announcement } = verdict.delivery;
    if (order !== undefined && !this.#newest.add(author, order)) return STALE;
    if (repeatKey === undefined) return verdict;
    const wasDirect = this.#seenDirect.has(repeatKey);
    const isFirst = direct
      ? !this.#seen.has(repeatKey) && this.#seenDirect.add(repeatKey)
      : this.#seen.add(repeatKey);
    if (announcement === undefined) return isFirst ? verdict : DUPLICATE;
    if (isFirst) {
      if (wasDirect) this.#announcers.repeated(repeatKey, announcement);
      else this.#announcers.first(repeatKey, announcement);
      return verdict;
    }
    const isSpam = this.#announcers.repeated(repeatKey, announcement, { relayed: author !== source });
    return isSpam ? SPAM : DUPLICATE;
  }
}

function write(
  message: Readonly<Record<string, unknown>>,
  options: { readonly form: EnvelopeForm; readonly name: string },
): Uint8Array<ArrayBuffer> {
  try {
    return writeEnvelope(message, options);
  } catch (cause) {
    throw new CommonsError("NOT_JSON", "Cannot publish: the message is not JSON", { cause });
  }
}
