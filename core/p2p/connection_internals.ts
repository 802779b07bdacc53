import type { Connection } from "@libp2p/interface";

// The library's connections do more than their published type says. Each of these looks before it uses, and answers
// nothing where a later version has changed.

/** What a connection's streams are written to: what waits there is on its way to the peer, over no stream in particular. */
export interface SendingEnd extends EventTarget {
  readonly writeBufferLength: number;
  /** More than this ends the connection; absent: no limit. */
  maxWriteBufferLength?: number | undefined;
}

/** What tells of each stream that the peer opens, by the event `stream`. */
export function muxerOf(connection: Connection): EventTarget | undefined {
  const muxer: unknown = "muxer" in connection ? connection.muxer : undefined;
  return muxer instanceof EventTarget ? muxer : undefined;
}

/** The encrypted connection under the muxer. */
export function sendingEndOf(connection: Connection): SendingEnd | undefined {
  const muxer = muxerOf(connection);
  const end: unknown = muxer !== undefined && "maConn" in muxer ? muxer.maConn : undefined;
  return isSendingEnd(end) ? end : undefined;
}

function isSendingEnd(end: unknown): end is SendingEnd {
  return end instanceof EventTarget && "writeBufferLength" in end &&
    typeof end.writeBufferLength === "number" && "maxWriteBufferLength" in end;
}
