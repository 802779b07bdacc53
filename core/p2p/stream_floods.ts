import type { Connection } from "@libp2p/interface";
import { type Clock, CommonsError, type ErrorCode, TokenBucket } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { muxerOf } from "./connection_internals.ts";
import { RecentMap } from "./recent_map.ts";

/**
 * Streams that one peer may open, of all protocols and of none: in the long run, and at once. A node that looks for peers
 * opens a few a second, one that catches up with the chain as well.
 */
const RATE = { perSecond: 50, burst: 1_000 };
const MAX_METERS = 1_024;

export interface StreamFloodsComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of each peer that was dropped. */
  misbehaved(connection: Connection, code: ErrorCode): void;
}

/**
 * Drops peers that open streams without end. Each stream costs a negotiation before any protocol's own limit counts it,
 * also one that is reset at once or never says what it is for.
 */
export class StreamFloods {
  readonly #components: StreamFloodsComponents;
  /** By peer: a new connection is no new start. */
  readonly #meters = new RecentMap<string, TokenBucket>(MAX_METERS);

  constructor(components: StreamFloodsComponents) {
    this.#components = components;
  }

  /** Looks after a new connection. */
  opened(connection: Connection): void {
    const peerId = connection.remotePeer.toString();
    const muxer = muxerOf(connection);
    const count = () => {
      if (connection.status !== "open" || this.#meterOf(peerId).take()) return;
      muxer?.removeEventListener("stream", count);
      this.#components.logger.info("connection closed: the peer opens streams without end", { peerId });
      connection.abort(
        new CommonsError("TOO_MANY_STREAMS", "Cannot go on: the peer opens streams without end"),
      );
      this.#components.misbehaved(connection, "FLOOD");
    };
    muxer?.addEventListener("stream", count);
  }

  #meterOf(peerId: string): TokenBucket {
    const known = this.#meters.get(peerId);
    if (known !== undefined) return known;
    const meter = new TokenBucket({ clock: this.#components.clock, ...RATE });
    this.#meters.set(peerId, meter);
    return meter;
  }
}
