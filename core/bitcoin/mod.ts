/**
 * Bitcoin's formats, without I/O: transactions, blocks, Merkle trees and proofs, the messages of its network.
 * @module
 */
export {};
