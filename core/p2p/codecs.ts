import { bestBlockCodec } from "./best_block_codec.ts";
import { blockCodec } from "./block_codec.ts";
import type { TopicCodec } from "./codec.ts";
import { handshakeCodec } from "./handshake_codec.ts";
import { miningOnCodec } from "./mining_on_codec.ts";
import { nodeStatusCodec } from "./node_status_codec.ts";
import { rejectedTxCodec } from "./rejected_tx_codec.ts";
import { subtreeCodec } from "./subtree_codec.ts";

/** Every kind of message that the node reads and writes; topics without one are not joined. */
export const CODECS: readonly TopicCodec[] = Object.freeze([
  blockCodec,
  subtreeCodec,
  miningOnCodec,
  rejectedTxCodec,
  nodeStatusCodec,
  handshakeCodec,
  bestBlockCodec,
]);
