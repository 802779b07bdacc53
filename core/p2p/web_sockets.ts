import { webSockets as library } from "@libp2p/websockets";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddrToUri } from "@multiformats/multiaddr-to-uri";
import { type Clock, CommonsError } from "../base/mod.ts";
import { boundedWsListener, endingUpgrader } from "./ws_listener.ts";

type Factory = ReturnType<typeof library>;

/**
 * The WebSockets transport. The library listens for messages only some time after the socket opened; Deno delivers at
 * once, so what the other side says first is lost. Go nodes speak first: two of three dials of one failed. Here messages
 * are kept from the beginning, until somebody listens.
 */
export function webSockets({ clock }: { readonly clock: Clock }): Factory {
  const make = library();
  return (components) => {
    const transport = make(components);
    // what a later version calls differently is left as it is; the test with a Go node would tell
    if ("_connect" in transport) Object.defineProperty(transport, "_connect", { value: connect });
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (options) =>
      boundedWsListener(
        createListener({ ...options, upgrader: endingUpgrader(options.upgrader) }),
        { clock },
      );
    return transport;
  };
}

function connect(address: Multiaddr, options: { readonly signal?: AbortSignal } = {}): Promise<WebSocket> {
  return openWebSocket(multiaddrToUri(address), options);
}

/**
 * Opens a WebSocket that keeps the messages that come before the first listener for them is added. Needs `--allow-net`.
 * @throws {CommonsError} `DIAL_FAILED`; the signal's reason
 */
export function openWebSocket(
  url: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<WebSocket> {
  signal?.throwIfAborted();
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const close = socket.close.bind(socket);
  // the library ends one that it gives up with a code that no closing frame may say, and it would stay open
  socket.close = (code, reason) => code === 1006 ? close() : close(code, reason);
  keepEarlyMessages(socket);
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      signal?.removeEventListener("abort", abort);
      socket.removeEventListener("open", opened);
      socket.removeEventListener("error", failed);
      finish();
    };
    const abort = () =>
      settle(() => {
        socket.close();
        reject(signal?.reason);
      });
    const opened = () => settle(() => resolve(socket));
    const failed = (event: Event) =>
      settle(() => {
        const why = event instanceof ErrorEvent ? event.message : "the connection failed";
        reject(new CommonsError("DIAL_FAILED", `Cannot open a WebSocket: ${why}`));
      });
    signal?.addEventListener("abort", abort);
    socket.addEventListener("open", opened);
    socket.addEventListener("error", failed);
  });
}

function keepEarlyMessages(socket: WebSocket): void {
  const early: MessageEvent[] = [];
  const keep = (event: MessageEvent) => void early.push(event);
  socket.addEventListener("message", keep);
  const add = socket.addEventListener;
  const addListener = (type: string, listener: EventListenerOrEventListenerObject, options?: unknown) => {
    Reflect.apply(add, socket, [type, listener, options]);
    if (type !== "message") return;
    Reflect.deleteProperty(socket, "addEventListener");
    socket.removeEventListener("message", keep);
    for (const event of early.splice(0)) {
      if (typeof listener === "function") Reflect.apply(listener, socket, [event]);
      else listener.handleEvent(event);
    }
  };
  Object.defineProperty(socket, "addEventListener", { value: addListener, configurable: true });
}
