import { type Clock, TokenBucket } from "../base/mod.ts";
import type { CheckContext } from "./codec.ts";
import { RecentMap } from "./recent_map.ts";
import type { Refused } from "./verdict.ts";

/** Bad messages that a peer may pass on, and texts of its own that must not be shown. */
const RATE = { perSecond: 5, burst: 100 } as const;
const MAX_KEPT = 4_096;

/**
 * How many bad messages of others a peer may pass on before they count against it, and how many slips of its own. Nodes of other kinds forward what they
 * have not looked at: whoever sent them a handful would otherwise have this node cut its lines to all of them.
 */
export class RelayFaults {
  readonly #clock: Clock;
  readonly #buckets = new RecentMap<string, TokenBucket>(MAX_KEPT);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a rejected message; false when who handed it over is to blame: for its own, or for one too many. */
  forgives(
    { isSlip = false }: Refused,
    { author, source }: Pick<CheckContext, "author" | "source">,
  ): boolean {
    if (author === source && !isSlip) return false;
    let bucket = this.#buckets.get(source);
    if (bucket === undefined) {
      bucket = new TokenBucket({ clock: this.#clock, ...RATE });
      this.#buckets.set(source, bucket);
    }
    return bucket.take();
  }
}
