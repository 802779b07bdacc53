/**
 * What connects the header chain with Bitcoin's network and the operator's full node. A door of its own: a node without
 * such sources loads nothing of it.
 * @module
 */
export { createMining } from "../mining/mining.ts";
