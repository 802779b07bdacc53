import type { Connection } from "@libp2p/interface";
import type { Clock } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

const CHECK_MS = 10_000;
/** Bytes on their way to one peer that are more than any that reads has for long. */
const MANY_BYTES = 1024 * 1024;
/** Checks in a row that a peer may be so far behind. */
const PATIENCE = 3;

export interface SlowReadersComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  connections(): readonly Connection[];
  /** Hears of each peer that was dropped. */
  blame(peerId: string): void;
}

/**
 * Drops peers that do not read what they are sent: more than a MiB behind for half a minute. Each would hold up to 16 MiB
 * of this node's memory for as long as it likes, and takes a place that somebody else could use.
 */
export function watchSlowReaders({ clock, logger, connections, blame }: SlowReadersComponents): Disposable {
  const strikes = new WeakMap<Connection, number>();
  return clock.every(CHECK_MS, () => {
    for (const connection of connections()) {
      const behind = bytesBehind(connection);
      const count = behind < MANY_BYTES ? 0 : (strikes.get(connection) ?? 0) + 1;
      strikes.set(connection, count);
      if (count < PATIENCE) continue;
      const peerId = connection.remotePeer.toString();
      logger.info("connection closed: the peer does not read", { peerId, bytesBehind: behind });
      connection.abort(new Error("the peer does not read"));
      blame(peerId);
    }
  });
}

function bytesBehind({ streams }: Connection): number {
  return streams.reduce((sum, { writeBufferLength }) => sum + writeBufferLength, 0);
}
