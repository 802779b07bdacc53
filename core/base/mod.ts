/**
 * Pieces without I/O that everything else stands on: errors, ids, bytes, time, randomness, bounded collections.
 * @module
 */
export * from "./bitcoin_header.ts";
export * from "./bounded_queue.ts";
export * from "./bytes.ts";
export * from "./canonical_json.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./fake_clock.ts";
export * from "./ids.ts";
export * from "./random.ts";
export * from "./secret_names.ts";
export * from "./token_bucket.ts";
export * from "./ttl_set.ts";
export * from "./turn.ts";
