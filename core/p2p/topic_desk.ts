import { CommonsError, errorText, TtlSet } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import { TopicCounters } from "./counters.ts";
import { type EnvelopeForm, readEnvelope, writeEnvelope } from "./envelope.ts";
import type { ListenMode } from "./types.ts";
import { type Accepted, ignore, reject, type Verdict } from "./verdict.ts";

/** How long and for how many messages repeats are recognised. */
const REPEAT_TTL_MS = 30 * 60 * 1000;
const REPEAT_CAPACITY = 10_000;

const TOO_LARGE = reject("MESSAGE_TOO_LARGE", "the message is over the size cap of its topic");
const DUPLICATE = ignore("DUPLICATE", "the same announcement was accepted before");
const FAILED = ignore("INTERNAL", "the check itself failed");

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

  constructor(init: TopicDeskInit & Pick<CheckContext, "clock">) {
    this.codec = init.codec;
    this.path = init.path;
    this.#logger = init.logger;
    this.counters = new TopicCounters(init.codec.topic);
    this.#seen = new TtlSet({ clock: init.clock, ttlMs: REPEAT_TTL_MS, capacity: REPEAT_CAPACITY });
  }

  /**
   * Decides about a received message and counts it. A repeat is recognised last, and only a message that passed
   * everything is remembered, so that a bad message never stands in the way of a good one. Never throws.
   */
  receive(bytes: Uint8Array, context: CheckContext): Verdict {
    let verdict = this.#judgeSafely(bytes, context);
    if (verdict.result === "accept" && !this.#seen.add(verdict.delivery.repeatKey)) verdict = DUPLICATE;
    this.counters.add(verdict, bytes.length);
    return verdict;
  }

  /**
   * Fills in, writes and checks a message of the node's own; the context's author is the node.
   * @throws {CommonsError} the validator's code, `BAD_SHAPE` for an unknown field, `NOT_JSON`
   */
  draft(
    message: Readonly<Record<string, unknown>>,
    options: { readonly own: OwnFields; readonly form: EnvelopeForm; readonly context: CheckContext },
  ): Draft {
    const { topic, fields } = this.codec;
    const unknown = Object.keys(message).find((name) => !fields.includes(name));
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

  /** Notes that the node published `draft`: what others say about the same thing from now on is a repeat. */
  published(draft: Draft): void {
    this.counters.published++;
    this.#seen.add(draft.accepted.delivery.repeatKey);
  }

  /** True when the node may write this kind in the given mode. */
  mayPublish(mode: ListenMode): boolean {
    return this.codec.publishIn.includes(mode);
  }

  #judgeSafely(bytes: Uint8Array, context: CheckContext): Verdict {
    try {
      return this.#judge(bytes, context);
    } catch (error) {
      this.#logger.error("gossip check failed", { topic: this.codec.topic, error: errorText(error) });
      return FAILED;
    }
  }

  #judge(bytes: Uint8Array, context: CheckContext): Verdict {
    if (bytes.length > this.codec.maxBytes) return TOO_LARGE;
    const read = readEnvelope(bytes);
    return read.ok ? this.codec.check(read.message, context) : read.refused;
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
