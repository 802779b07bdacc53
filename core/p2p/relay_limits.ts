import { type Clock, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

/** Messages a second in the long run, and how many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** `limited`: this one is too much; `flood`, told once a minute: no honest relay passes on so many. */
export type RelayAdmission = "ok" | "limited" | "flood";

const MAX_KEPT = 4_096;
const WINDOW_MS = 60_000;

/** Peers at their full rate whose messages are all looked at, together. */
const FULL_PEERS = 4;
/** Part of the rate that is every peer's own, however busy others keep this node. */
const SHARE = 1 / 32;
/** Neighbours of a node at its default limits (`p2p.max_connections` and a quarter). */
const NEIGHBOURS = 128;
/** For clocks and minutes that do not begin together, and for what arrives at once after a line was down. */
const MARGIN = 2;

/**
 * Messages that honest relay may pass on within a minute, in rates of one peer: what it accepts of its neighbours is
 * bounded by these limits, too, all of them hostile or not, and it passes on nothing else. That is
 * `FULL_PEERS + NEIGHBOURS * SHARE`, 8; a relay with more hostile neighbours than others have connections would be
 * blamed only beyond twice as much.
 */
const HONEST = (FULL_PEERS + NEIGHBOURS * SHARE) * MARGIN;

interface Meter {
  readonly full: TokenBucket;
  readonly share: TokenBucket;
  /** Messages since `since`, refused ones included. */
  count: number;
  /** Monotonic milliseconds. */
  since: number;
}

/** How much of what others signed is looked at: of one peer that hands it over, and of all together. */
export class RelayLimits {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #all: TokenBucket;
  readonly #meters = new RecentMap<string, Meter>(MAX_KEPT);
  readonly #most: number;

  constructor(init: { readonly clock: Clock; readonly rate: Rate }) {
    this.#clock = init.clock;
    this.#rate = init.rate;
    this.#all = this.#bucket(FULL_PEERS);
    this.#most = HONEST * (init.rate.burst + init.rate.perSecond * WINDOW_MS / 1_000);
  }

  /** Counts a message that `source` hands over and somebody else signed. */
  admit(source: string): RelayAdmission {
    const meter = this.#meterOf(source);
    const now = this.#clock.monotonic();
    if (now - meter.since >= WINDOW_MS) {
      meter.since = now;
      meter.count = 0;
    }
    meter.count++;
    if (meter.full.take() && (this.#all.take() || meter.share.take())) return "ok";
    return meter.count === Math.floor(this.#most) + 1 ? "flood" : "limited";
  }

  #bucket(times: number): TokenBucket {
    const { perSecond, burst } = this.#rate;
    return new TokenBucket({
      clock: this.#clock,
      perSecond: perSecond * times,
      burst: Math.max(1, burst * times),
    });
  }

  #meterOf(source: string): Meter {
    const known = this.#meters.get(source);
    if (known !== undefined) return known;
    const meter = {
      full: this.#bucket(1),
      share: this.#bucket(SHARE),
      count: 0,
      since: this.#clock.monotonic(),
    };
    this.#meters.set(source, meter);
    return meter;
  }
}
