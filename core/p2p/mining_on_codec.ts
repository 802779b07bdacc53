import { MANY } from "./author_limits.ts";
import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import { COUNT, HASH, PEER_ID, type Shape, shapeFault, shown, shownText, U32, URL_TEXT } from "./fields.ts";
import { checkUrl } from "./hub_urls.ts";
import { NOT_THE_AUTHOR, type Verdict } from "./verdict.ts";

/** What a node is mining on, as it stands on the wire; key case matters. */
export interface MiningOnMessage {
  readonly Hash: string;
  readonly PreviousHash: string;
  readonly DataHubURL: string;
  readonly PeerID: string;
  readonly Height: number;
  /** Who made the block, from its coinbase. */
  readonly Miner: string;
  readonly SizeInBytes: number;
  readonly TxCount: number;
}

const SHAPE: Shape = {
  Hash: HASH,
  PreviousHash: HASH,
  DataHubURL: URL_TEXT,
  PeerID: PEER_ID,
  Height: U32,
  Miner: shownText(256),
  SizeInBytes: COUNT,
  TxCount: COUNT,
};

/** `miningon`: someone has a new best block. Says nothing that could be checked: shown, and no more. */
export const miningOnCodec: TopicCodec = {
  topic: "miningon",
  maxBytes: 32 * 1024,
  publishIn: ["full"],
  shape: SHAPE,
  limits: { author: { perSecond: 2, burst: 20 }, source: { perSecond: 50, burst: 500 }, flood: MANY },
  check: checkMiningOn,
  complete: completeMiningOn,
};

function checkMiningOn(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const said = message as unknown as MiningOnMessage; // shapeFault has looked at every field
  if (said.PeerID !== context.author) return NOT_THE_AUTHOR;
  const url = checkUrl(said.DataHubURL, context);
  if (typeof url !== "string") return url;
  const height = context.believable(said.Height);
  return {
    result: "accept",
    delivery: {
      repeatKey: `${said.Hash} ${said.PeerID}`, // proves nothing, so one author's must not stand in for another's
      claim: { peerId: said.PeerID, height, hash: said.Hash, baseUrl: url },
      notification: (timestamp) => ({
        type: "mining_on",
        timestamp,
        hash: said.Hash,
        previousblockhash: said.PreviousHash,
        base_url: url,
        peer_id: said.PeerID,
        height,
        miner: shown(said.Miner),
        size_in_bytes: said.SizeInBytes,
        tx_count: said.TxCount,
      }),
    },
  };
}

function completeMiningOn(
  message: Readonly<Record<string, unknown>>,
  own: OwnFields,
): Record<string, unknown> {
  return {
    ...message,
    PeerID: message["PeerID"] ?? own.peerId,
    DataHubURL: message["DataHubURL"] ?? own.dataHubUrl,
    Miner: message["Miner"] ?? "",
  };
}
