import type { CheckContext, TopicCodec } from "./codec.ts";
import { HASH_OR_NONE, optional, PEER_ID, type Shape, shapeFault, U32 } from "./fields.ts";
import { NOT_THE_AUTHOR, type Verdict } from "./verdict.ts";

/** The question for others' best block as it stands on the wire; key case matters. */
export interface BestBlockMessage {
  readonly PeerID: string;
  /** The asker's own best block; most askers leave it out. */
  readonly Height?: number;
  readonly Hash?: string;
}

const SHAPE: Shape = { PeerID: PEER_ID, Height: optional(U32), Hash: optional(HASH_OR_NONE) };

/** `bestblock`: someone asks for best blocks; each of its neighbours answers with a block over a direct stream. */
export const bestBlockCodec: TopicCodec = {
  topic: "bestblock",
  maxBytes: 16 * 1024,
  publishIn: ["full"],
  shape: SHAPE,
  limits: { author: { perSecond: 1, burst: 5 }, source: { perSecond: 20, burst: 200 } },
  check: checkBestBlock,
  complete: (message, own) => ({ ...message, PeerID: message["PeerID"] ?? own.peerId }),
};

function checkBestBlock(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  if (message["PeerID"] !== context.author) return NOT_THE_AUTHOR;
  return { result: "accept", delivery: { talk: "best_block_request" } };
}
