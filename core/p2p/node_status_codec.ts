import { MANY } from "./author_limits.ts";
import type { CheckContext, TopicCodec } from "./codec.ts";
import {
  COUNT,
  HASH_OR_NONE,
  nullable,
  NUMBER,
  OBJECT,
  oneOf,
  optional,
  PEER_ID,
  type Shape,
  shapeFault,
  shownText,
  STATE_NAME,
  text,
  U32,
  URL_TEXT,
  WORK,
} from "./fields.ts";
import { statusNotification } from "./node_status_view.ts";
import { NOT_THE_AUTHOR, reject, type Verdict } from "./verdict.ts";

/** How a node is, as it stands on the wire; key case matters. Fields of later generations are optional. */
export interface NodeStatusMessage {
  readonly type: "node_status";
  readonly base_url: string;
  readonly peer_id: string;
  readonly version: string;
  readonly commit_hash: string;
  readonly best_block_hash: string;
  readonly best_height: number;
  readonly block_assembly_details?: Readonly<Record<string, unknown>> | null;
  /** Of the block being assembled; nodes that write these leave the details out. */
  readonly tx_count?: number;
  readonly subtree_count?: number;
  readonly fsm_state: string;
  /** Unix seconds. */
  readonly start_time: number;
  /** Seconds. */
  readonly uptime: number;
  readonly client_name: string;
  readonly miner_name: string;
  readonly listen_mode: "full" | "listen_only" | "silent" | "";
  readonly chain_work: string;
  readonly sync_peer_id?: string;
  readonly sync_peer_height?: number;
  readonly sync_peer_block_hash?: string;
  /** Unix seconds. */
  readonly sync_connected_at?: number;
  readonly propagation_url?: string;
  readonly min_mining_tx_fee?: number | null;
  readonly fee_policy?: Readonly<Record<string, unknown>> | null;
  readonly connected_peers_count?: number;
  readonly legacy_connected_peers_count?: number;
  readonly storage?: "full" | "pruned" | "";
  /** This node's own addition: service bits. */
  readonly services?: number;
}

const SHAPE: Shape = {
  type: oneOf("node_status"),
  base_url: URL_TEXT,
  peer_id: PEER_ID,
  version: shownText(128),
  commit_hash: shownText(64),
  best_block_hash: HASH_OR_NONE,
  best_height: U32,
  block_assembly_details: nullable(OBJECT),
  tx_count: optional(COUNT),
  subtree_count: optional(COUNT),
  fsm_state: STATE_NAME,
  start_time: COUNT,
  uptime: NUMBER,
  client_name: shownText(256),
  miner_name: shownText(256),
  listen_mode: oneOf("full", "listen_only", "silent", ""),
  chain_work: WORK,
  sync_peer_id: optional(text(128)),
  sync_peer_height: optional(U32),
  sync_peer_block_hash: optional(HASH_OR_NONE),
  sync_connected_at: optional(COUNT),
  propagation_url: optional(URL_TEXT),
  min_mining_tx_fee: nullable(NUMBER),
  fee_policy: nullable(OBJECT),
  connected_peers_count: optional(COUNT),
  legacy_connected_peers_count: optional(COUNT),
  storage: optional(oneOf("full", "pruned", "")),
  services: optional(COUNT),
};

/** `node_status`: how someone's node is, every ten seconds or so. Only an author's newest counts, one in five seconds. */
export const nodeStatusCodec: TopicCodec = {
  topic: "node_status",
  maxBytes: 64 * 1024,
  publishIn: ["full", "listen_only"],
  shape: SHAPE,
  limits: { author: { perSecond: 0.2, burst: 1 }, source: { perSecond: 100, burst: 1_000 }, flood: MANY },
  ownRate: { perSecond: 1, burst: 10 }, // an operator's test beside the regular ones must not fail
  check: checkNodeStatus,
  complete: (message, own) => ({ ...own.status(), ...message }),
};

function checkNodeStatus(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const said = message as unknown as NodeStatusMessage; // shapeFault has looked at every field
  if (said.peer_id !== context.author) return NOT_THE_AUTHOR;
  const { hubs } = context;
  for (const url of [said.base_url, said.propagation_url ?? ""]) {
    if (hubs.judge(url).state === "malformed") {
      return reject("BAD_URL", "base_url or propagation_url is malformed");
    }
  }
  const height = context.believable(said.best_height);
  const base_url = hubs.usable(said.base_url); // private or unwanted: the status is worth having without it
  return {
    result: "accept",
    delivery: {
      order: said.start_time + said.uptime,
      ...(height > 0 && {
        claim: { peerId: said.peer_id, height, hash: said.best_block_hash, baseUrl: base_url },
      }),
      notification: (timestamp) => statusNotification(said, { timestamp, context }),
    },
  };
}
