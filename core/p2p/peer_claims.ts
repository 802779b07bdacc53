import type { Clock } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";
import type { ClaimView } from "./types.ts";
import type { PeerClaim } from "./verdict.ts";

const MAX_PEERS = 4_096;

/** What peers last said about their chains, for choosing whom to ask. Nothing of it is proven. */
export class PeerClaims {
  readonly #clock: Clock;
  readonly #claims = new RecentMap<string, ClaimView>(MAX_PEERS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ peerId, height, hash, baseUrl }: PeerClaim): void {
    const startingHeight = this.#claims.get(peerId)?.startingHeight ?? height;
    this.#claims.set(peerId, { height, hash, baseUrl, startingHeight, at: this.#clock.now() });
  }

  of(peerId: string): ClaimView | undefined {
    return this.#claims.get(peerId);
  }
}
