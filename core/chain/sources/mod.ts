/**
 * What connects the header chain with Bitcoin's network and the operator's full node. A door of its own: a node without
 * such sources loads nothing of it.
 * @module
 */
export { createBlockService } from "../blocks/block_service.ts";
export { createFullNode } from "../full_node/full_node.ts";
export { startHeaderFeed } from "../full_node/header_feed.ts";
export { createMempoolView } from "../mempool/mempool_view.ts";
export { startZmqHints } from "../full_node/zmq_hints.ts";
export { createMining } from "../mining/mining.ts";
export { createBitcoinPeers } from "../peers/bitcoin_peers.ts";
