import { type Clock, TokenBucket } from "../base/mod.ts";
import { LruMap } from "./lru.ts";

const MAX_SOURCES = 50_000;

/** Counts per source; at most 50,000 sources are remembered, the one unused longest goes first. */
export interface RateLimit {
  /** False when the source has used up what it may. */
  take(source: string): boolean;
}

/** At most `perMinute` in the long run and as many at once; 0 means no limit. */
export function createRateLimit(clock: Clock, perMinute: number): RateLimit {
  if (perMinute <= 0) return { take: () => true };
  const buckets = new LruMap<string, TokenBucket>(MAX_SOURCES);
  const options = { clock, perSecond: perMinute / 60, burst: perMinute };
  return { take: (source) => buckets.getOrMake(source, () => new TokenBucket(options)).take() };
}
