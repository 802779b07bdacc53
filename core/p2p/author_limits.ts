import { type Clock, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";
import { type Rate, RelayLimits } from "./relay_limits.ts";

/** How many messages of one kind are looked at. */
export interface RateLimits {
  /** Of one author, through whomever they come. */
  readonly author: Rate;
  /** Of all authors through one peer: authors cost nothing to make. */
  readonly source: Rate;
  /** Messages beyond its rate within a minute that no honest author sends; default: a burst, at least 50. */
  readonly flood?: number;
}

/**
 * {@linkcode RateLimits.flood} of what nodes of other kinds say with every block or to every new neighbour: when somebody
 * makes hundreds of blocks at once on a test network, hundreds of each come at once, and nobody is to blame.
 */
export const MANY = 1_000;

/**
 * `limited`: this one is too much; `flood`: its author itself sends so many too much in a minute that it is no mistake;
 * `relay_flood`: who hands it over does so with far more than an honest node passes on, whoever made it.
 */
export type Admission = "ok" | "limited" | "flood" | "relay_flood";

const MAX_KEPT = 4_096;
const FLOOD_WINDOW_MS = 60_000;
const MIN_AUTHOR_FLOOD = 50;

interface Meter {
  readonly bucket: TokenBucket;
  /** Messages that were counted and then given back. */
  spare: number;
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
  readonly #relays: RelayLimits;

  constructor(init: { readonly clock: Clock; readonly limits: RateLimits }) {
    this.#clock = init.clock;
    this.#limits = init.limits;
    this.#relays = new RelayLimits({ clock: init.clock, rate: init.limits.source });
  }

  /**
   * Counts a message. Only the author that sends a flood itself is to blame for it: authors cost nothing to make, so an
   * honest relay with hostile neighbours passes on far more than any one peer may, and must not be blamed for it. Beyond
   * what such a relay can pass on, see {@linkcode RelayLimits}, it is no honest one.
   */
  admit(author: string, source: string): Admission {
    const { author: own, flood = Math.max(own.burst, MIN_AUTHOR_FLOOD) } = this.#limits;
    const relayed = source !== author;
    if (relayed) {
      const admission = this.#relays.admit(source);
      if (admission !== "ok") return admission === "flood" ? "relay_flood" : admission;
    }
    const meter = this.#meterOf(author);
    return this.#take(meter, relayed ? Infinity : flood);
  }

  /**
   * Takes an author's message off its count again: somebody else has sent an old one of it once more, and would otherwise
   * use up what the author may say.
   */
  giveBack(author: string): void {
    const meter = this.#authors.get(author);
    if (meter !== undefined && meter.spare < this.#limits.author.burst) meter.spare++;
  }

  #take(meter: Meter, flood: number): Admission {
    if (meter.bucket.take()) return "ok";
    if (meter.spare > 0) {
      meter.spare--;
      return "ok";
    }
    const now = this.#clock.monotonic();
    if (now - meter.since >= FLOOD_WINDOW_MS) {
      meter.since = now;
      meter.excess = 0;
    }
    return ++meter.excess > flood ? "flood" : "limited";
  }

  #meterOf(author: string): Meter {
    const known = this.#authors.get(author);
    if (known !== undefined) return known;
    const clock = this.#clock;
    const meter = {
      bucket: new TokenBucket({ clock, ...this.#limits.author }),
      spare: 0,
      excess: 0,
      since: clock.monotonic(),
    };
    this.#authors.set(author, meter);
    return meter;
  }
}
