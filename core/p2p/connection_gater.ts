import type { ConnectionGater } from "@libp2p/interface";

type Answer = boolean | Promise<boolean> | undefined;

/**
 * Several gaters as one: a connection passes when all let it, an address is kept when all would keep it. One that fails
 * denies: nobody gets in because a check broke.
 */
export function allGaters(gaters: readonly ConnectionGater[]): ConnectionGater {
  const denied = (ask: (gater: ConnectionGater) => Answer) => some(gaters, ask);
  return {
    denyDialPeer: (peer) => denied((g) => g.denyDialPeer?.(peer)),
    denyDialMultiaddr: (address) => denied((g) => g.denyDialMultiaddr?.(address)),
    denyInboundConnection: (connection) => denied((g) => g.denyInboundConnection?.(connection)),
    denyOutboundConnection: (peer, connection) => denied((g) => g.denyOutboundConnection?.(peer, connection)),
    denyInboundEncryptedConnection: (peer, connection) =>
      denied((g) => g.denyInboundEncryptedConnection?.(peer, connection)),
    denyOutboundEncryptedConnection: (peer, connection) =>
      denied((g) => g.denyOutboundEncryptedConnection?.(peer, connection)),
    denyInboundUpgradedConnection: (peer, connection) =>
      denied((g) => g.denyInboundUpgradedConnection?.(peer, connection)),
    denyOutboundUpgradedConnection: (peer, connection) =>
      denied((g) => g.denyOutboundUpgradedConnection?.(peer, connection)),
    denyInboundRelayReservation: (peer) => denied((g) => g.denyInboundRelayReservation?.(peer)),
    denyOutboundRelayedConnection: (source, destination) =>
      denied((g) => g.denyOutboundRelayedConnection?.(source, destination)),
    denyInboundRelayedConnection: (relay, peer) =>
      denied((g) => g.denyInboundRelayedConnection?.(relay, peer)),
    filterMultiaddrForPeer: async (peer, address) =>
      !await some(gaters, (g) => kept(g.filterMultiaddrForPeer?.(peer, address))),
  };
}

async function some(
  gaters: readonly ConnectionGater[],
  ask: (gater: ConnectionGater) => Answer,
): Promise<boolean> {
  for (const gater of gaters) {
    try {
      if (await ask(gater) === true) return true;
    } catch {
      return true; // the caller can only be told yes or no
    }
  }
  return false;
}

/** Turns "keep it" into "deny it". */
async function kept(answer: Answer): Promise<boolean> {
  return await answer === false;
}
