import type { Connection } from "@libp2p/interface";
import type { BanGate } from "../bans/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

export interface BanWatchComponents {
  readonly bans: BanGate;
  readonly logger: Logger;
  connections(): readonly Connection[];
}

/** Closes the live connections that each new ban covers, at once and without asking the other side. */
export function watchBans({ bans, logger, connections }: BanWatchComponents): Disposable {
  return bans.onBan(() => {
    for (const connection of connections()) dropBanned(connection, { bans, logger });
  });
}

/** Closes `connection` if its peer or address is banned; for a ban that came while it was being opened, too. */
export function dropBanned(
  connection: Connection,
  { bans, logger }: Pick<BanWatchComponents, "bans" | "logger">,
): void {
  const peerId = connection.remotePeer.toString();
  const address = connection.remoteAddr.toString();
  if (!bans.isBannedPeer(peerId) && !bans.isBannedMultiaddr(address)) return;
  logger.info("connection closed: banned", { peerId, address });
  connection.abort(new Error("the peer is banned"));
}
