import type { PeerRouting } from "@libp2p/interface";
import { type Clock, sleep } from "../base/mod.ts";

/** Least time between two walks. */
const WALK_MS = 10_000;

/**
 * Slows the host's walks through the DHT down. The library walks again at once for as long as something (a node that
 * looks for a relay) wants another peer: in a small network, where a walk takes no time, that never ends and takes a
 * whole core.
 */
export function pacedRouting(routing: PeerRouting, clock: Clock): PeerRouting {
  let next = -Infinity;
  return {
    findPeer: (peerId, options) => routing.findPeer(peerId, options),
    async *getClosestPeers(key, options) {
      const now = clock.monotonic();
      const start = Math.max(now, next);
      next = start + WALK_MS;
      const signal = options?.signal;
      if (start > now) await sleep(clock, start - now, signal === undefined ? {} : { signal });
      yield* routing.getClosestPeers(key, options);
    },
  };
}
