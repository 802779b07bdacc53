import { lookup } from "node:dns/promises";
import type { ConnectionGater, MultiaddrConnection, PeerId } from "@libp2p/interface";
import type { BanGate } from "../bans/mod.ts";
import { type Clock, withDeadline } from "../base/mod.ts";

const RESOLVE_MS = 5_000;
const NAME = /^\/dns[46]?\/([^/]+)/;

export interface BanGaterComponents {
  readonly bans: BanGate;
  readonly clock: Clock;
  /** Addresses of a host name as the transports will find them; default the system's own look-up. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/**
 * Keeps banned peers and addresses out at every stage that libp2p asks about: dials, sockets before any handshake, peers
 * once their key is proven, relays. The later stages ask everything again, for a ban may come during a handshake.
 */
export function banGater({ bans, clock, resolve = systemResolve }: BanGaterComponents): ConnectionGater {
  const isBanned = (...peers: readonly PeerId[]) => peers.some((peer) => bans.isBannedPeer(peer.toString()));
  const isRefused = (peer: PeerId, { remoteAddr }: MultiaddrConnection) =>
    isBanned(peer) || bans.isBannedMultiaddr(remoteAddr.toString());
  return {
    denyDialPeer: (peer) => isBanned(peer),
    denyDialMultiaddr: (address) => {
      const text = address.toString();
      return bans.isBannedMultiaddr(text) || (bans.hasAddresses() && leadsToBanned(text));
    },
    denyInboundConnection: ({ remoteAddr }) => bans.isBannedMultiaddr(remoteAddr.toString()),
    denyOutboundConnection: isRefused,
    denyInboundEncryptedConnection: isRefused,
    denyOutboundEncryptedConnection: isRefused,
    denyInboundUpgradedConnection: isRefused,
    denyOutboundUpgradedConnection: isRefused,
    denyInboundRelayReservation: (source) => isBanned(source),
    denyOutboundRelayedConnection: (source, destination) => isBanned(source, destination),
    denyInboundRelayedConnection: (relay, remote) => isBanned(relay, remote),
    filterMultiaddrForPeer: (_peer, address) => !bans.isBannedMultiaddr(address.toString()),
  };

  /** Whether the name in an address stands for a banned address, or for none that can be found out. */
  async function leadsToBanned(text: string): Promise<boolean> {
    const name = NAME.exec(text)?.[1];
    if (name === undefined) return false;
    try {
      const found = await withDeadline(clock, RESOLVE_MS, resolve(name), "resolve a host name");
      return found.some((address) => bans.isBannedIp(address));
    } catch {
      return true; // without an answer nobody knows that it is not banned; the dial would hardly get further
    }
  }
}

/** Needs `--allow-net`. */
async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
