import type { Connection, Stream } from "@libp2p/interface";
import { type Ping, ping } from "@libp2p/ping";
import { type Clock, CommonsError, type ErrorCode } from "../base/mod.ts";

type Components = Parameters<ReturnType<typeof ping>>[0];

/** Bytes that a peer may leave unread of its own pings; each has 32, and honest peers wait for one before the next. */
const MAX_UNREAD = 64 * 1024;
/** A stream on which nothing was said for so long is ended. */
const IDLE_MS = 60_000;

export interface PingsComponents {
  readonly clock: Clock;
  /** Hears of each peer that sends pings and does not read the answers. */
  misbehaved(connection: Connection, code: ErrorCode): void;
}

/**
 * The ping service with an own answering side. The library's waits until the peer has read and meanwhile keeps all that
 * comes: a peer that sends and does not read fills the memory as fast as its line carries, a GB and more before the
 * library's time is over.
 */
export function pings(components: PingsComponents): (components: Components) => Ping {
  const make = ping();
  return (own) => {
    const service = make(own);
    const value = (stream: Stream, connection: Connection) => answer(stream, { ...components, connection });
    // what a later version calls differently is left as it is; the test would tell
    if ("handlePing" in service) Object.defineProperty(service, "handlePing", { value });
    return service;
  };
}

function answer(
  stream: Stream,
  { clock, connection, misbehaved }: PingsComponents & { readonly connection: Connection },
): void {
  let isIdle = false;
  const idle = clock.every(IDLE_MS, () => {
    if (isIdle) stream.abort(new CommonsError("TIMEOUT", "Cannot wait for another ping: it does not come"));
    isIdle = true;
  });
  stream.addEventListener("close", () => idle[Symbol.dispose](), { once: true });
  stream.addEventListener("remoteCloseWrite", () => {
    stream.close().catch((error) => stream.abort(error));
  }, { once: true });
  stream.addEventListener("message", ({ data }) => {
    isIdle = false;
    if (stream.writeStatus !== "writable") return;
    if (stream.writeBufferLength <= MAX_UNREAD) return void stream.send(data);
    connection.abort(new CommonsError("UNAVAILABLE", "Cannot answer pings: the peer does not read"));
    misbehaved(connection, "FLOOD");
  });
}
