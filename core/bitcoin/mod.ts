/**
 * Bitcoin's formats, without I/O: transactions, blocks, Merkle trees and proofs, the messages of its network.
 * @module
 */
export { type Block, parseBlock } from "./block.ts";
export { type BlockFault, blockFault, type BlockRules, checkBlock } from "./block_fault.ts";
export { heightScript } from "./coinbase_height.ts";
export { CompactReader, type CompactReaderOptions } from "./compact_reader.ts";
export { CompactWriter } from "./compact_writer.ts";
export {
  MAX_BLOCK_TRANSACTIONS,
  MAX_BLOCK_WEIGHT,
  MAX_STRIPPED_BYTES,
  MIN_TRANSACTION_BYTES,
  WITNESS_SCALE,
} from "./limits.ts";
export { merkleBranch, type MerkleRoot, merkleRoot, rootOfBranch } from "./merkle.ts";
export {
  buildMerkleBlock,
  MAX_MERKLE_BLOCK_BYTES,
  type MerkleBlock,
  type MerkleBlockParts,
  parseMerkleBlock,
} from "./merkle_block.ts";
export { type MerkleMatch, type MerkleProof, verifyMerkleBlock } from "./merkle_proof.ts";
export {
  serializeOutput,
  serializeTransaction,
  type SerializeTransactionOptions,
} from "./serialize_transaction.ts";
export { parseTransaction, type ParseTransactionOptions } from "./transaction.ts";
export {
  type CoinbaseProof,
  type TransactionProof,
  type TransactionProofParts,
  verifyTransactionProof,
} from "./transaction_proof.ts";
export type * from "./transaction_types.ts";
export { commitmentOf, commitmentScript, type WitnessFault } from "./witness_commitment.ts";
export {
  EMPTY_PAYLOAD,
  encodeGetHeaders,
  encodeHeaders,
  encodeInventory,
  encodeNonce,
  encodeVersion,
} from "./wire_encode.ts";
export { decodeMessage } from "./wire_decode.ts";
export {
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameReader,
  type FrameReaderInit,
  type WireFrame,
} from "./wire_frame.ts";
export {
  isKnownCommand,
  MAX_HEADERS,
  MAX_LOCATOR,
  MAX_USER_AGENT_BYTES,
  payloadLimit,
  PROTOCOL_VERSION,
} from "./wire_limits.ts";
export { type WireNetwork, wireNetwork } from "./wire_networks.ts";
export {
  INVENTORY,
  type InventoryItem,
  SERVICES,
  type VersionMessage,
  type WireAddress,
  type WireMessage,
} from "./wire_types.ts";
