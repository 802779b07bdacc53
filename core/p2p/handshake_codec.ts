import { MANY } from "./author_limits.ts";
import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import {
  COUNT,
  HASH_OR_NONE,
  oneOf,
  PEER_ID,
  type Shape,
  shapeFault,
  shownText,
  text,
  U32,
  URL_TEXT,
} from "./fields.ts";
import { ignore, NOT_THE_AUTHOR, reject, type Verdict } from "./verdict.ts";

/** A greeting as it stands on the wire, on the topic and over direct streams; key case matters. */
export interface HandshakeMessage {
  /** `version` greets, `verack` answers. */
  readonly type: "version" | "verack";
  readonly peerID: string;
  readonly bestHeight: number;
  readonly bestHash: string;
  readonly dataHubURL: string;
  readonly userAgent: string;
  readonly services: number;
  /** `<topic prefix>/<network>` of the sender. */
  readonly topicPrefix: string;
}

const SHAPE: Shape = {
  type: oneOf("version", "verack"),
  peerID: PEER_ID,
  bestHeight: U32,
  bestHash: HASH_OR_NONE,
  dataHubURL: URL_TEXT,
  userAgent: shownText(256),
  services: COUNT,
  topicPrefix: text(256),
};

const WRONG_CHAIN = ignore("WRONG_CHAIN", "the sender is of another network");

/** `handshake`: who someone is and how far its chain goes. */
export const handshakeCodec: TopicCodec = {
  topic: "handshake",
  maxBytes: 16 * 1024,
  publishIn: ["full", "listen_only"],
  shape: SHAPE,
  limits: { author: { perSecond: 1, burst: 5 }, source: { perSecond: 20, burst: 200 }, flood: MANY },
  check: checkHandshake,
  complete: completeHandshake,
};

function checkHandshake(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const said = message as unknown as HandshakeMessage; // shapeFault has looked at every field
  if (said.peerID !== context.author) return NOT_THE_AUTHOR;
  if (said.topicPrefix !== context.chain) return WRONG_CHAIN;
  const { hubs } = context;
  if (hubs.judge(said.dataHubURL).state === "malformed") return reject("BAD_URL", "dataHubURL is malformed");
  return {
    result: "accept",
    delivery: {
      talk: said.type,
      claim: {
        peerId: said.peerID,
        height: context.believable(said.bestHeight),
        hash: said.bestHash,
        baseUrl: hubs.usable(said.dataHubURL),
      },
    },
  };
}

function completeHandshake(
  message: Readonly<Record<string, unknown>>,
  own: OwnFields,
): Record<string, unknown> {
  const { hash = "", height = 0 } = own.tip() ?? {};
  const { userAgent, services, chain } = own;
  const defaults: HandshakeMessage = {
    type: "version",
    peerID: own.peerId,
    bestHeight: height,
    bestHash: hash,
    dataHubURL: own.dataHubUrl,
    userAgent,
    services,
    topicPrefix: chain,
  };
  return { ...defaults, ...message };
}
