import { RecentMap } from "./recent_map.ts";
import type { Announcement } from "./verdict.ts";

/** Offers kept for one hash. */
export const MAX_ANNOUNCERS = 8;
/** Repeats of one announcer after which it is no mistake any more. */
export const SPAM_REPEATS = 50;
const MAX_HASHES = 10_000;
/** Characters of all offers together: eight URLs of two thousand characters for each hash are more than 100 MiB. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** Of an offer without its URL: the peer id and what holds the two. */
const OFFER_CHARACTERS = 128;

interface Announcer extends Announcement {
  times: number;
}

/**
 * Who offers what, so that whoever fetches it has others to ask than the first: the first offer is the one that is
 * delivered and forwarded, and nothing says that it is the best.
 */
export class Announcers {
  readonly #byHash = new RecentMap<string, Announcer[]>(MAX_HASHES, {
    maxWeight: MAX_CHARACTERS,
    weigh: (offers) => offers.reduce((sum, offer) => sum + weightOf(offer.baseUrl), 0),
  });

  /** Notes the offer that was accepted. */
  first(hash: string, { peerId, baseUrl }: Announcement): void {
    this.#byHash.set(hash, [{ peerId, baseUrl, times: 1 }], weightOf(baseUrl));
  }

  /**
   * Notes a later offer; true when its author has made it so often that it is spam. `relayed`: it came through somebody
   * else, who may repeat what the author said once, so it does not count.
   */
  repeated(
    hash: string,
    { peerId, baseUrl }: Announcement,
    { relayed = false }: { readonly relayed?: boolean } = {},
  ): boolean {
    const known = this.#byHash.get(hash);
    if (known === undefined) {
      this.first(hash, { peerId, baseUrl });
      return false;
    }
    const same = known.find((announcer) => announcer.peerId === peerId);
    if (same !== undefined) return !relayed && ++same.times > SPAM_REPEATS;
    if (known.length < MAX_ANNOUNCERS) {
      known.push({ peerId, baseUrl, times: 1 });
      this.#byHash.set(hash, known, weightOf(baseUrl));
    }
    return false;
  }

  /** Offers of a hash in the order in which they came; each announcer's first. */
  of(hash: string): readonly Announcement[] {
    return (this.#byHash.get(hash) ?? []).map(({ peerId, baseUrl }) => ({ peerId, baseUrl }));
  }
}

function weightOf(baseUrl: string): number {
  return OFFER_CHARACTERS + baseUrl.length;
}
