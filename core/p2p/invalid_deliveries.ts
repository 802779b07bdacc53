import type { GossipSub } from "@libp2p/gossipsub";

/**
 * Counts an invalid message of a topic against one peer. The library's own answer to a rejected message also counts it
 * against everybody who passes on a copy, before or after, and nodes of other kinds pass on what they have not looked at:
 * somebody who sends this node a message that it sends to others, too, would have it cut its lines to all of them.
 * False when a later version of the library does not let it be counted.
 */
export function countInvalid(
  pubsub: GossipSub,
  { peerId, path }: { readonly peerId: string; readonly path: string },
): boolean {
  const score: unknown = "score" in pubsub ? pubsub.score : undefined;
  if (typeof score !== "object" || score === null || !("markInvalidMessageDelivery" in score)) return false;
  const { markInvalidMessageDelivery } = score;
  if (typeof markInvalidMessageDelivery !== "function") return false;
  markInvalidMessageDelivery.call(score, peerId, path);
  return true;
}
