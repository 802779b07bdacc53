/** Most serialised bytes of one value (Deno KV). */
export const MAX_VALUE_BYTES = 65_536;
/** Most encoded bytes of one key (Deno KV). */
export const MAX_KEY_BYTES = 2_048;
/** Most mutations of one {@linkcode Store.commit}. */
export const MAX_COMMIT_MUTATIONS = 500;

/**
 * What one atomic write of Deno KV may hold: 1,000 mutations, 819,200 bytes of keys and values and 81,920 bytes of
 * keys (measured on 2.9.6). The byte limits leave room for the error of the size estimate.
 */
export const ATOMIC_LIMITS: SizeLimits = Object.freeze({
  mutations: 1_000,
  bytes: 768_000,
  keyBytes: 80_000,
});

/** What may wait for a commit in one store before new writes get `STORE_BUSY`. */
export const QUEUE_LIMITS: QueueLimits = Object.freeze({ mutations: 100_000, bytes: 64 * 1024 * 1024 });

export interface QueueLimits {
  readonly mutations: number;
  readonly bytes: number;
}

export interface SizeLimits extends QueueLimits {
  readonly keyBytes: number;
}
