import { displayDoubleSha256, HEADER_BYTES, peekHeader, workFault } from "../base/mod.ts";
import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import {
  CLIENT_NAME,
  HASH,
  HEX,
  optional,
  PEER_ID,
  PEER_ID_OR_NONE,
  type Shape,
  shapeFault,
  U32,
  URL_TEXT,
} from "./fields.ts";
import { checkUrl } from "./hub_urls.ts";
import { type Delivery, ignore, NOT_THE_AUTHOR, type Refused, reject, type Verdict } from "./verdict.ts";

/** A block announcement as it stands on the wire; key case matters. */
export interface BlockMessage {
  readonly PeerID: string;
  /** Nodes of the first generations have none. */
  readonly ClientName?: string;
  readonly DataHubURL: string;
  /** Display order, lower case. */
  readonly Hash: string;
  readonly Height: number;
  /** 80 bytes in wire order as hex. */
  readonly Header: string;
  /** Coinbase transaction as hex; many senders leave it empty. */
  readonly Coinbase?: string;
}

const MAX_FUTURE_MS = 2 * 60 * 60 * 1000; // Bitcoin's own limit: a header may be two hours ahead

const SHAPE: Shape = {
  PeerID: PEER_ID,
  ClientName: optional(CLIENT_NAME),
  DataHubURL: URL_TEXT,
  Hash: HASH,
  Height: U32,
  Header: HEX,
  Coinbase: optional(HEX),
};

/** What nodes of the first generation answer to the question for their best block; they do not say who they are. */
const HEADLESS: Shape = { PeerID: PEER_ID_OR_NONE, DataHubURL: URL_TEXT, Hash: HASH, Height: U32 };

/** `block`: someone has a block, here is its header, the body is at DataHubURL. */
export const blockCodec: TopicCodec = {
  topic: "block",
  maxBytes: 32 * 1024,
  publishIn: ["full"],
  shape: SHAPE,
  check: checkBlock,
  checkDirect: (message, context) =>
    message["Header"] === undefined ? checkHeadless(message, context) : checkBlock(message, context),
  complete: completeBlock,
};

/** Shape, author, hash and work of a block announcement, cheapest first. */
function checkBlock(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const block = message as unknown as BlockMessage; // shapeFault has looked at every field
  if (block.PeerID !== context.author) return NOT_THE_AUTHOR;
  const url = checkUrl(block.DataHubURL, context);
  if (typeof url !== "string") return url;
  return checkHeader(block, context) ?? { result: "accept", delivery: deliveryOf(block, { url, context }) };
}

/** Without a header nothing is proven: it answers a question and is a claim like the height of a greeting, and no more. */
function checkHeadless(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, HEADLESS);
  if (fault !== undefined) return fault;
  const { PeerID, DataHubURL, Hash, Height } = message as unknown as BlockMessage; // shapeFault has looked at these
  const { author, hubs } = context;
  if (PeerID !== "" && PeerID !== author) return NOT_THE_AUTHOR;
  if (hubs.judge(DataHubURL).state === "malformed") return reject("BAD_URL", "DataHubURL is malformed");
  const height = context.believable(Height);
  const claim = { peerId: author, height, hash: Hash, baseUrl: hubs.usable(DataHubURL) };
  return { result: "accept", delivery: { talk: "block", claim } };
}

function checkHeader(block: BlockMessage, context: CheckContext): Refused | undefined {
  if (block.Header.length !== 2 * HEADER_BYTES) return reject("HEADER_LENGTH", "Header is not 80 bytes");
  const bytes = Uint8Array.fromHex(block.Header);
  const hash = displayDoubleSha256(bytes);
  if (hash !== block.Hash) return reject("HASH_MISMATCH", "Hash is not the hash of Header");
  const header = peekHeader(bytes);
  const fault = workFault(hash, header.bits, context.network);
  if (fault !== undefined) return reject(fault, "Header does not carry the work that this network asks for");
  if (header.time * 1000 > context.clock.now() + MAX_FUTURE_MS) {
    // not a reject: whether this holds depends on the clock, and a peer whose clock differs forwards it in good faith
    return ignore("TIME_TOO_NEW", "Header is more than two hours ahead of this node's clock");
  }
  return context.noNews(header);
}

/**
 * The event's height stays as it was claimed: nobody builds on it before the header has found its place in a chain. What is
 * shown to people is no more than what is believed.
 */
function deliveryOf(
  block: BlockMessage,
  { url, context }: { readonly url: string; readonly context: CheckContext },
): Delivery {
  const { PeerID, Hash, Height, Header } = block;
  const height = context.believable(Height);
  return {
    repeatKey: Hash,
    announcement: { peerId: PeerID, baseUrl: url },
    claim: { peerId: PeerID, height, hash: Hash, baseUrl: url },
    talk: "block",
    notification: (timestamp) => ({
      type: "block",
      timestamp,
      hash: Hash,
      height,
      base_url: url,
      peer_id: PeerID,
    }),
    publishTo: (events) =>
      events.publish("BlockAnnounced", {
        block_hash: Hash,
        height: Height,
        header: Header,
        peer_id: PeerID,
        base_url: url,
      }),
  };
}

function completeBlock(message: Readonly<Record<string, unknown>>, own: OwnFields): Record<string, unknown> {
  return {
    ...message,
    PeerID: message["PeerID"] ?? own.peerId,
    ClientName: message["ClientName"] ?? own.clientName,
    DataHubURL: message["DataHubURL"] ?? own.dataHubUrl,
  };
}
