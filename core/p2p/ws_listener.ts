import type { Listener, MultiaddrConnection, Upgrader } from "@libp2p/interface";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Clock } from "../base/mod.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";

/** Most bytes of one WebSocket message. Others send one encrypted packet in each: 64 KiB. */
const MAX_MESSAGE = 1024 * 1024;
/** A connection must have become a WebSocket by then. */
const DEADLINE_MS = 10_000;
/** What the library closes a WebSocket with that is to end at once; no closing frame may say it, so that it throws. */
const ABNORMAL = 1006;

/** As much as is used here of `node:net`'s socket. */
interface Socket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  on(event: string, listener: () => void): unknown;
  destroy(): unknown;
}

interface WebSocketOfServer {
  on(event: "error", listener: () => void): unknown;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** What the library's listener has besides what its type says. */
interface Inside {
  readonly server: { on(event: "connection", listener: (socket: Socket) => void): unknown };
  readonly wsServer: { readonly options: { maxPayload?: number } };
  onWsServerConnection(socket: WebSocketOfServer, request: { readonly socket: Socket }): void;
}

/**
 * Bounds what strangers can do to a WebSockets listener before libp2p hears of them: the library keeps connections that
 * never become a WebSocket for ever, takes messages of 100 MB, does not end the WebSockets that it gives up, and ends the process over a broken frame. What a
 * later version calls differently is left as it is; the test would tell.
 */
export function boundedWsListener<T extends Listener>(listener: T, { clock }: { readonly clock: Clock }): T {
  const inside: unknown = listener;
  if (!isInside(inside)) return listener;
  inside.wsServer.options.maxPayload = MAX_MESSAGE;
  const early = new EarlySockets(clock);
  inside.server.on("connection", (socket) => early.add(socket));
  const take = inside.onWsServerConnection.bind(listener);
  inside.onWsServerConnection = (webSocket, request) => {
    early.settled(request.socket);
    webSocket.on("error", () => webSocket.terminate()); // a broken frame; unheard it would end the process
    const close = webSocket.close.bind(webSocket);
    webSocket.close = (code, reason) => code === ABNORMAL ? webSocket.terminate() : close(code, reason);
    take(webSocket, request);
  };
  return listener;
}

/** An upgrader that ends at once what it does not take; the library asks the other side first, and waits. */
export function endingUpgrader(upgrader: Upgrader): Upgrader {
  const upgradeInbound = async (
    connection: MultiaddrConnection,
    options: Parameters<Upgrader["upgradeInbound"]>[1],
  ) => {
    try {
      await upgrader.upgradeInbound(connection, options);
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  return Object.create(upgrader, { upgradeInbound: { value: upgradeInbound } });
}

/** Connections that have not become a WebSocket yet. */
class EarlySockets {
  readonly #clock: Clock;
  readonly #handshakes = new PendingHandshakes({ exempt: new Set(), onEvicted: () => {} });
  /** What to do when one has become a WebSocket, by its remote end. */
  readonly #open = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    socket.on("error", () => {}); // it may come before anybody else listens, and then would end the process
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy(); // closed already
    const connection = {
      remoteAddr: addressOf(remoteAddress, remotePort),
      addEventListener: (_type: "close", told: () => void) => void socket.on("close", told),
      abort: () => void socket.destroy(),
    };
    if (this.#handshakes.begin(connection) !== undefined) return void socket.destroy();
    const timer = this.#clock.after(DEADLINE_MS, () => socket.destroy());
    const end = nameOf(socket);
    const settled = () => {
      if (this.#open.get(end) === settled) this.#open.delete(end);
      timer[Symbol.dispose]();
      this.#handshakes.finished(connection);
    };
    this.#open.set(end, settled);
    socket.on("close", settled);
  }

  settled(socket: Socket): void {
    this.#open.get(nameOf(socket))?.();
  }
}

function nameOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function addressOf(address: string, port: number): Multiaddr {
  const [bare = ""] = address.split("%");
  return multiaddr(`/${bare.includes(":") ? "ip6" : "ip4"}/${bare}/tcp/${port}`);
}

function isInside(listener: unknown): listener is Inside {
  if (typeof listener !== "object" || listener === null) return false;
  if (!("server" in listener && "wsServer" in listener && "onWsServerConnection" in listener)) return false;
  const { server, wsServer, onWsServerConnection } = listener;
  return typeof server === "object" && server !== null && "on" in server &&
    typeof wsServer === "object" && wsServer !== null && "options" in wsServer &&
    typeof wsServer.options === "object" && typeof onWsServerConnection === "function";
}
