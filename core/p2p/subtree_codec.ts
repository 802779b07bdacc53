import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import { CLIENT_NAME, HASH, optional, PEER_ID, type Shape, shapeFault, URL_TEXT } from "./fields.ts";
import { checkUrl } from "./hub_urls.ts";
import { NOT_THE_AUTHOR, type Verdict } from "./verdict.ts";

/** A subtree announcement as it stands on the wire; key case matters. */
export interface SubtreeMessage {
  readonly PeerID: string;
  /** Nodes of the first generations have none. */
  readonly ClientName?: string;
  readonly DataHubURL: string;
  readonly Hash: string;
}

const SHAPE: Shape = { PeerID: PEER_ID, ClientName: optional(CLIENT_NAME), DataHubURL: URL_TEXT, Hash: HASH };

/** `subtree`: someone has a part of the block to come. Making one costs nothing, so only the limits bound them. */
export const subtreeCodec: TopicCodec = {
  topic: "subtree",
  maxBytes: 32 * 1024,
  publishIn: ["full"],
  shape: SHAPE,
  limits: { author: { perSecond: 20, burst: 200 }, source: { perSecond: 200, burst: 2_000 } },
  check: checkSubtree,
  complete: completeSubtree,
};

function checkSubtree(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const { PeerID, DataHubURL, Hash } = message as unknown as SubtreeMessage; // shapeFault has looked at every field
  if (PeerID !== context.author) return NOT_THE_AUTHOR;
  const url = checkUrl(DataHubURL, context);
  if (typeof url !== "string") return url;
  return {
    result: "accept",
    delivery: {
      repeatKey: Hash,
      announcement: { peerId: PeerID, baseUrl: url },
      notification: (timestamp) => ({
        type: "subtree",
        timestamp,
        hash: Hash,
        base_url: url,
        peer_id: PeerID,
      }),
    },
  };
}

function completeSubtree(
  message: Readonly<Record<string, unknown>>,
  own: OwnFields,
): Record<string, unknown> {
  return {
    ...message,
    PeerID: message["PeerID"] ?? own.peerId,
    ClientName: message["ClientName"] ?? own.clientName,
    DataHubURL: message["DataHubURL"] ?? own.dataHubUrl,
  };
}
