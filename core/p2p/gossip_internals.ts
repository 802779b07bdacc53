import type { GossipSub } from "@libp2p/gossipsub";

// The library's class does more than its published type says. Each of these looks before it uses, and answers the
// harmless value where a later version has changed.

/** How many peers are in the mesh of a topic. */
export function meshSize(pubsub: GossipSub, path: string): number {
  if (!("getMeshPeers" in pubsub) || typeof pubsub.getMeshPeers !== "function") return 0;
  const peers: unknown = pubsub.getMeshPeers(path);
  return Array.isArray(peers) ? peers.length : 0;
}

/** Gossip score of a peer. */
export function scoreOf(pubsub: GossipSub, peerId: string): number {
  if (!("getScore" in pubsub) || typeof pubsub.getScore !== "function") return 0;
  const score: unknown = pubsub.getScore(peerId);
  return typeof score === "number" ? score : 0;
}

/**
 * Points of gossip's behaviour penalty: with the node's parameters a peer that has earned all that good behaviour gives is
 * unheard for half a minute, longer when it goes on.
 */
const UNHEARD_PENALTY = 12;

/** Lowers a peer's gossip score so far that it is unheard for a while; its connection stays. */
export function unhear(pubsub: GossipSub, peerId: string): void {
  const score: unknown = "score" in pubsub ? pubsub.score : undefined;
  if (typeof score !== "object" || score === null || !("addPenalty" in score)) return;
  const { addPenalty } = score;
  if (typeof addPenalty === "function") addPenalty.call(score, peerId, UNHEARD_PENALTY, "relay flood");
}

/** Tells `listener` the topic of each message whose id had come before. */
export function watchDuplicates(pubsub: GossipSub, listener: (path: string) => void): void {
  const score: unknown = "score" in pubsub ? pubsub.score : undefined;
  if (typeof score !== "object" || score === null || !("duplicateMessage" in score)) return;
  const { duplicateMessage } = score;
  if (typeof duplicateMessage !== "function") return;
  score.duplicateMessage = (peer: unknown, id: unknown, path: unknown) => {
    if (typeof path === "string") listener(path);
    duplicateMessage.call(score, peer, id, path);
  };
}

/** Stops gossipsub and the heartbeat timer that its own `stop` leaves running for up to a second. */
export async function stopGossip(pubsub: GossipSub): Promise<void> {
  const status: unknown = "status" in pubsub ? pubsub.status : undefined;
  if (!("stop" in pubsub) || typeof pubsub.stop !== "function") return;
  const stopped: unknown = pubsub.stop(); // sets the state at once: no heartbeat is planned after this line
  if (typeof status === "object" && status !== null && "heartbeatTimeout" in status) {
    clearTimeout(Number(status.heartbeatTimeout));
  }
  await stopped;
}
