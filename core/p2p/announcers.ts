import { RecentMap } from "./recent_map.ts";
import type { Announcement } from "./verdict.ts";

/** Offers kept for one hash. */
export const MAX_ANNOUNCERS = 8;
/** Repeats of one announcer after which it is no mistake any more. */
export const SPAM_REPEATS = 50;
const MAX_HASHES = 10_000;

interface Announcer extends Announcement {
  times: number;
}

/**
 * Who offers what, so that whoever fetches it has others to ask than the first: the first offer is the one that is
 * delivered and forwarded, and nothing says that it is the best.
 */
export class Announcers {
  readonly #byHash = new RecentMap<string, Announcer[]>(MAX_HASHES);

  /** Notes the offer that was accepted. */
  first(hash: string, { peerId, baseUrl }: Announcement): void {
    this.#byHash.set(hash, [{ peerId, baseUrl, times: 1 }]);
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
    if (known.length < MAX_ANNOUNCERS) known.push({ peerId, baseUrl, times: 1 });
    return false;
  }

  /** Offers of a hash in the order in which they came; each announcer's first. */
  of(hash: string): readonly Announcement[] {
    return (this.#byHash.get(hash) ?? []).map(({ peerId, baseUrl }) => ({ peerId, baseUrl }));
  }
}
