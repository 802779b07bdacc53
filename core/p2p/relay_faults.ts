import { type Clock, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

/** Bad messages that a peer may pass on. */
const RATE = { perSecond: 5, burst: 100 } as const;
const MAX_KEPT = 4_096;

/**
 * How many bad messages of others a peer may pass on before they count against it. Nodes of other kinds forward what they
 * have not looked at: whoever sent them a handful would otherwise have this node cut its lines to all of them.
 */
export class RelayFaults {
  readonly #clock: Clock;
  readonly #buckets = new RecentMap<string, TokenBucket>(MAX_KEPT);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a bad message that `source` passed on; false when it is one too many. */
  forgives(source: string): boolean {
    let bucket = this.#buckets.get(source);
    if (bucket === undefined) {
      bucket = new TokenBucket({ clock: this.#clock, ...RATE });
      this.#buckets.set(source, bucket);
    }
    return bucket.take();
  }
}
