import type { BitcoinNetwork, BlockHeader, Clock } from "../base/mod.ts";
import type { RateLimits } from "./author_limits.ts";
import type { Shape } from "./fields.ts";
import type { HubUrls } from "./hub_urls.ts";
import type { Rate } from "./relay_limits.ts";
import type { ListenMode, OwnTip, TopicName } from "./types.ts";
import type { Refused, Verdict } from "./verdict.ts";

/** What a codec may look at besides the message and who sent it. */
export interface CheckScope {
  readonly network: BitcoinNetwork;
  /** `<topic prefix>/<network>`: what nodes of one network call it among themselves. */
  readonly chain: string;
  readonly clock: Clock;
  readonly hubs: HubUrls;
  /**
   * The part of a claimed height that is believed: no more than a little above the node's own, for nothing else proves
   * it. The claim itself where the node has no chain of its own.
   */
  believable(height: number): number;
  /** Why an announced block is no news, `undefined` when it may be; see `OwnView`. */
  noNews(header: Pick<BlockHeader, "time" | "bits">): Refused | undefined;
}

/** What a codec may look at besides the message itself. */
export interface CheckContext extends CheckScope {
  /** Peer id of the author: of a gossip message, whose signature has been checked, or of a direct stream. */
  readonly author: string;
  /** Peer id of who handed the message over; the author, when nobody relayed it. */
  readonly source: string;
}

/** What the node says about itself in the messages that it writes. */
export interface OwnFields {
  readonly peerId: string;
  readonly clientName: string;
  /** Empty in nodes that only listen. */
  readonly dataHubUrl: string;
  readonly userAgent: string;
  readonly services: number;
  /** As in {@linkcode CheckScope}. */
  readonly chain: string;
  /** The node's best block; `undefined` in a node without a chain of its own. */
  tip(): OwnTip | undefined;
  /** The fields of the node's `node_status`. */
  status(): Readonly<Record<string, unknown>>;
}

/**
 * One kind of gossip message. A new kind is one such object and one line in `codecs.ts`: joining, size cap, limits,
 * parsing, counting, repeats, notifications and publishing come from the router.
 */
export interface TopicCodec {
  readonly topic: TopicName;
  /** Most bytes of a message on the wire, envelope included; checked before anything is parsed. */
  readonly maxBytes: number;
  /** Listen modes in which the node writes this kind. */
  readonly publishIn: readonly ListenMode[];
  /** Every field of the kind and what it must be; publishing any other is an error. */
  readonly shape: Shape;
  /** How many messages are looked at; absent where each message has cost its sender work. */
  readonly limits?: RateLimits;
  /** How many of its own the node publishes, where that is not what others look at. */
  readonly ownRate?: Rate;
  /** Checks a parsed message; cheap checks first, never throws. */
  check(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict;
  /** The same for a message that came over a stream of its author's, where that may be another. */
  checkDirect?(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict;
  /** The node's own message with the fields that it leaves out filled in. */
  complete(message: Readonly<Record<string, unknown>>, own: OwnFields): Readonly<Record<string, unknown>>;
}
