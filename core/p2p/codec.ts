import type { BitcoinNetwork, Clock } from "../base/mod.ts";
import type { ListenMode, TopicName } from "./types.ts";
import type { Verdict } from "./verdict.ts";

/** What a codec may look at besides the message itself. */
export interface CheckContext {
  /** Peer id of the gossip author, whose signature has been checked. */
  readonly author: string;
  readonly network: BitcoinNetwork;
  readonly clock: Clock;
}

/** What the node says about itself in the messages that it writes. */
export interface OwnFields {
  readonly peerId: string;
  readonly clientName: string;
  readonly dataHubUrl: string;
}

/**
 * One kind of gossip message. A new kind is one such object and one line in `codecs.ts`: joining, size cap, parsing,
 * counting, repeats, notifications and publishing come from the router.
 */
export interface TopicCodec {
  readonly topic: TopicName;
  /** Most bytes of a message on the wire, envelope included; checked before anything is parsed. */
  readonly maxBytes: number;
  /** Listen modes in which the node writes this kind. */
  readonly publishIn: readonly ListenMode[];
  /** Field names of the kind; publishing any other is an error. */
  readonly fields: readonly string[];
  /** Checks a parsed message; cheap checks first, never throws. */
  check(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict;
  /** The node's own message with the fields that it leaves out filled in. */
  complete(message: Readonly<Record<string, unknown>>, own: OwnFields): Readonly<Record<string, unknown>>;
}
