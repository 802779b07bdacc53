/**
 * The node's persistence: one small port, Deno KV and memory behind it, the table of its keys.
 * @module
 */
export * from "./chunked.ts";
export * from "./data_dir.ts";
export * from "./keys.ts";
export { type KvStoreInit, openKvStore } from "./kv_store.ts";
export { MAX_COMMIT_MUTATIONS, MAX_KEY_BYTES, MAX_VALUE_BYTES } from "./limits.ts";
export * from "./memory_store.ts";
export * from "./migrate.ts";
export * from "./namespace.ts";
export * from "./port.ts";
