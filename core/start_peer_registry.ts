import type { BanService } from "./bans/mod.ts";
import { systemClock, systemRandom, tryHashHex } from "./base/mod.ts";
import type { HeaderChain } from "./chain/mod.ts";
import type { P2pService, PeerRegistry } from "./p2p/mod.ts";
import type { Store } from "./store/mod.ts";
import type { Logger, Metrics } from "./telemetry/mod.ts";

export interface PeerRegistryParts {
  readonly p2p: Pick<P2pService, "peers" | "claimOf">;
  readonly chain: Pick<HeaderChain, "header">;
  readonly bans: BanService;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * The registry of what dealings with peers have shown, over the node's services. What a peer says is proven when this
 * node's own chain has that block.
 * @throws {CommonsError} of the store
 */
export async function startPeerRegistry(
  Registry: typeof PeerRegistry,
  { p2p, chain, bans, store, metrics, logger }: PeerRegistryParts,
): Promise<PeerRegistry> {
  const registry = new Registry({
    clock: systemClock,
    random: systemRandom,
    store,
    logger: logger.child("peers"),
    connected: () => p2p.peers().map(({ peerId }) => peerId),
    claimOf: (peerId) => p2p.claimOf(peerId),
    proven(hash) {
      const known = tryHashHex(hash);
      return known === undefined ? undefined : chain.header(known);
    },
    isBanned: (peerId) => bans.isBannedPeer(peerId),
    banScore: (peerId) => bans.score(peerId).score,
    contextOf(peerId) {
      const peer = p2p.peers().find((one) => one.peerId === peerId);
      return peer === undefined ? {} : { address: peer.address, trusted: peer.kept };
    },
  });
  await registry.start();
  metrics.collect(
    { name: "commons_p2p_known_peers", help: "Peers of the last day whose conduct is remembered" },
    () => [[registry.size]],
  );
  return registry;
}
