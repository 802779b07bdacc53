import type { MessageStream, StreamMuxer } from "@libp2p/interface";
import { type Clock, CommonsError } from "../base/mod.ts";

/** How long whoever ended the muxer has to close the connection in good order. */
const GRACE_MS = 2_000;

/**
 * Ends a connection soon after its muxer has ended while the connection itself lives on: a peer said goodbye and keeps
 * the socket, or the muxer gave up over what the peer sent. The library leaves such a connection in its list, where it
 * counts as a peer that is never heard again and is not dialled anew. Looked at for each message, before which no muxer
 * ends on its own.
 */
export function endWithMuxer(
  connection: MessageStream,
  muxer: Pick<StreamMuxer, "status">,
  clock: Pick<Clock, "after">,
): void {
  let timer: Disposable | undefined;
  const look = () => {
    if (muxer.status !== "closed" || timer !== undefined) return;
    timer = clock.after(GRACE_MS, () => {
      if (connection.status !== "open") return;
      connection.abort(new CommonsError("UNAVAILABLE", "Cannot go on: the connection's muxer has ended"));
    });
  };
  connection.addEventListener("message", look);
  connection.addEventListener("close", () => {
    connection.removeEventListener("message", look);
    timer?.[Symbol.dispose]();
  });
}
