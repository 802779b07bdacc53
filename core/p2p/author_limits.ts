import { type Clock, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

/** Messages a second in the long run, and how many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How many messages of one kind are looked at. */
export interface RateLimits {
  /** Of one author, through whomever they come. */
  readonly author: Rate;
  /** Of all authors through one peer: authors cost nothing to make. */
  readonly source: Rate;
}

/** `limited`: this one is too much; `flood`: so many were too much in a minute that nobody sends them by mistake. */
export type Admission = "ok" | "limited" | "flood";

const MAX_KEPT = 4_096;
const FLOOD_WINDOW_MS = 60_000;
const MIN_AUTHOR_FLOOD = 50;
/** A relay passes on what whole networks say, so it takes much more until it is blamed. */
const SOURCE_FLOOD_FACTOR = 5;

interface Meter {
  readonly bucket: TokenBucket;
  /** Messages over the limit since `since`. */
  excess: number;
  /** Monotonic milliseconds. */
  since: number;
}

/** Token buckets of one kind of message, for each author and for each peer that hands messages over. */
export class AuthorLimits {
  readonly #clock: Clock;
  readonly #limits: RateLimits;
  readonly #authors = new RecentMap<string, Meter>(MAX_KEPT);
  readonly #sources = new RecentMap<string, Meter>(MAX_KEPT);

  constructor(init: { readonly clock: Clock; readonly limits: RateLimits }) {
    this.#clock = init.clock;
    this.#limits = init.limits;
  }

  /**
   * Counts a message. A flood is only told about who is to blame for it: the author that sends it itself, or the peer
   * through which far more comes than a network says.
   */
  admit(author: string, source: string): Admission {
    const { author: own, source: through } = this.#limits;
    if (source !== author) {
      const flood = through.burst * SOURCE_FLOOD_FACTOR;
      const admission = this.#take(this.#meterOf(this.#sources, { key: source, rate: through }), flood);
      if (admission !== "ok") return admission;
    }
    const admission = this.#take(
      this.#meterOf(this.#authors, { key: author, rate: own }),
      Math.max(own.burst, MIN_AUTHOR_FLOOD),
    );
    return admission === "flood" && source !== author ? "limited" : admission;
  }

  #take(meter: Meter, flood: number): Admission {
    if (meter.bucket.take()) return "ok";
    const now = this.#clock.monotonic();
    if (now - meter.since >= FLOOD_WINDOW_MS) {
      meter.since = now;
      meter.excess = 0;
    }
    return ++meter.excess > flood ? "flood" : "limited";
  }

  #meterOf(
    meters: RecentMap<string, Meter>,
    { key, rate }: { readonly key: string; readonly rate: Rate },
  ): Meter {
    const known = meters.get(key);
    if (known !== undefined) return known;
    const clock = this.#clock;
    const meter = { bucket: new TokenBucket({ clock, ...rate }), excess: 0, since: clock.monotonic() };
    meters.set(key, meter);
    return meter;
  }
}
