/**
 * Who the node is: its Ed25519 key and its API token, each in a file that only its owner can read.
 * @module
 */
export * from "./api_token.ts";
export type { Identity } from "./identity.ts";
export * from "./load_identity.ts";
