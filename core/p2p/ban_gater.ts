import type { ConnectionGater, MultiaddrConnection, PeerId } from "@libp2p/interface";
import type { BanGate } from "../bans/mod.ts";
import type { Clock } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { RefusalLog } from "./refusal_log.ts";
import { hostNameOf, leadsTo, type ResolveName } from "./resolve_host.ts";

export interface BanGaterComponents {
  readonly bans: BanGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default the system's own look-up. */
  readonly resolve?: ResolveName;
}

/** Something that has a text, such as a peer id or a multiaddr. */
interface Named {
  toString(): string;
}

/**
 * Keeps banned peers and addresses out at every stage that libp2p asks about: dials, sockets before any handshake, peers
 * once their key is proven, relays. The later stages ask everything again, for a ban may come during a handshake.
 */
export function banGater({ bans, clock, logger, resolve }: BanGaterComponents): ConnectionGater {
  const refusals = new RefusalLog({ clock, logger });
  const refused = (denied: boolean, stage: string, what: Named) => {
    if (denied && refusals.ready()) {
      refusals.write("connection refused", { reason: "BANNED", stage, target: what.toString() });
    }
    return denied;
  };
  const isBanned = (peer: PeerId) => bans.isBannedPeer(peer.toString());
  const isRefused = (stage: string) => (peer: PeerId, { remoteAddr }: MultiaddrConnection) =>
    refused(isBanned(peer), stage, peer) ||
    refused(bans.isBannedMultiaddr(remoteAddr.toString()), stage, remoteAddr);
  return {
    denyDialPeer: (peer) => refused(isBanned(peer), "dial", peer),
    async denyDialMultiaddr(address) {
      if (bans.isBannedMultiaddr(address.toString())) return refused(true, "dial", address);
      const name = bans.hasAddresses() ? hostNameOf(address) : undefined;
      if (name === undefined) return false;
      return refused(
        await leadsTo(name, { clock, resolve, isBad: (found) => bans.isBannedIp(found) }),
        "dial",
        address,
      );
    },
    denyInboundConnection: ({ remoteAddr }) =>
      refused(bans.isBannedMultiaddr(remoteAddr.toString()), "inbound", remoteAddr),
    denyOutboundConnection: isRefused("outbound"),
    denyInboundEncryptedConnection: isRefused("inbound encrypted"),
    denyOutboundEncryptedConnection: isRefused("outbound encrypted"),
    denyInboundUpgradedConnection: isRefused("inbound upgraded"),
    denyOutboundUpgradedConnection: isRefused("outbound upgraded"),
    denyInboundRelayReservation: (source) => refused(isBanned(source), "reservation", source),
    denyOutboundRelayedConnection: (source, destination) =>
      refused(isBanned(source), "outbound relayed", source) ||
      refused(isBanned(destination), "outbound relayed", destination),
    denyInboundRelayedConnection: (relay, remote) =>
      refused(isBanned(relay), "inbound relayed", relay) ||
      refused(isBanned(remote), "inbound relayed", remote),
    filterMultiaddrForPeer: (_peer, address) => !bans.isBannedMultiaddr(address.toString()),
  };
}
