import { type BitcoinNetwork, CommonsError } from "../base/mod.ts";
import { TOPIC_NAMES, type TopicName } from "./types.ts";

const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._\-/]{0,127}$/;

/** What topic names on the wire are made of. */
export interface TopicSpace {
  /** Such as `commons/bitcoin/1.0.0`. */
  readonly topicPrefix: string;
  readonly network: BitcoinNetwork;
}

/**
 * Name of a topic on the wire: `<prefix>/<network>-<topic>` (contract, section 5).
 * @throws {CommonsError} `INVALID_TOPIC_PREFIX`
 */
export function topicPath(space: TopicSpace, topic: TopicName): string {
  if (!PREFIX.test(space.topicPrefix) || space.topicPrefix.endsWith("/")) {
    throw new CommonsError(
      "INVALID_TOPIC_PREFIX",
      "Cannot name gossip topics: the prefix must be 1 to 128 of letters, digits and . _ - / without a slash at the ends",
    );
  }
  return `${space.topicPrefix}/${space.network}-${topic}`;
}

/** `text` as the short name of a topic, or `undefined`. */
export function tryTopicName(text: string): TopicName | undefined {
  return TOPIC_NAMES.find((name) => name === text);
}
