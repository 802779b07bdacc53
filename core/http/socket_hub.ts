import { type Clock, CommonsError } from "../base/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import { ClientSlots } from "./client_slots.ts";
import type { Caller } from "./guard.ts";
import { CLOSE, frameOf, SocketClient } from "./socket_client.ts";
import { socketMetrics } from "./socket_metrics.ts";
import type { HttpP2p } from "./types.ts";

const PING_MS = 10_000;
const FLUSH_MS = 100;
/** Deno pings a client that has been silent for half of these seconds, and gives it up when the rest brings nothing. */
const IDLE_SECONDS = 60;
/** One source may hold a twentieth of all sockets. */
const SHARE = 20;

/** Types that `?types=` may name. */
export const FRAME_TYPES: readonly string[] = Object.freeze([
  "block",
  "subtree",
  "mining_on",
  "rejected_tx",
  "node_status",
  "PING",
]);

/** Notification WebSockets. */
export interface SocketHub {
  /**
   * Upgrades the request; the first frame is this node's own status, then what happens.
   * @throws {CommonsError} `UPGRADE_REQUIRED`, `TOO_MANY_CLIENTS`
   */
  open(
    request: Request,
    options: { readonly caller: Caller; readonly types?: ReadonlySet<string> },
  ): Response;
  /** Ends the clients at the addresses of which `isBanned` says so. */
  drop(isBanned: (remote: string) => boolean): void;
  close(): void;
}

/** At most `maxClients` sockets, each with at most `maxBytes` waiting. */
export function createSocketHub(
  components: {
    readonly p2p: Pick<HttpP2p, "ownStatus" | "onNotification">;
    readonly clock: Clock;
    readonly metrics: Metrics;
  },
  init: {
    readonly maxClients: number;
    readonly maxBytes: number;
    readonly idleSeconds?: number | undefined;
    /** Addresses that may hold more than one source's share. */
    readonly isTrusted?: ((remote: string) => boolean) | undefined;
  },
): SocketHub {
  const { p2p, clock, metrics } = components;
  /** With the addresses of those who are not on loopback. */
  const clients = new Map<SocketClient, string>();
  /** The same of those whose handshake is under way: a ban may come meanwhile. */
  const opening = new Map<SocketClient, string>();
  const slots = new ClientSlots(init.maxClients, { share: SHARE, isTrusted: init.isTrusted });
  const { evicted, dropped, refused } = socketMetrics(metrics, { clients, slots });
  const feed = createFeed({ p2p, clock }, clients);
  let closed = false;

  return {
    open(request, { caller, types }) {
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        throw new CommonsError("UPGRADE_REQUIRED", "Cannot answer this request: it is for WebSocket clients");
      }
      const slot = slots.take(caller);
      if (slot === undefined) {
        refused.inc();
        throw new CommonsError("TOO_MANY_CLIENTS", "Cannot open a WebSocket: too many are open");
      }
      const upgraded = upgrade(request, { slot, idleSeconds: init.idleSeconds ?? IDLE_SECONDS });
      const { socket } = upgraded;
      const client = new SocketClient({
        socket,
        clock,
        maxBytes: init.maxBytes,
        ...(types === undefined ? {} : { types }),
        onDrop: (type) => dropped.inc({ type }),
        onEnd: (reason) => {
          clients.delete(client);
          opening.delete(client);
          if (clients.size === 0) feed.stop();
          slot.linger();
          if (reason !== "gone") evicted.inc({ reason });
        },
      });
      opening.set(client, caller.remote);
      socket.addEventListener("open", () => {
        if (closed) return client.end("stopping"); // the handshake outlived the hub: nobody would end the feed again
        if (!opening.delete(client)) return socket.close(...CLOSE.banned);
        client.send(frameOf(p2p.ownStatus()));
        clients.set(client, caller.remote);
        feed.start();
      });
      // A client that does not read cannot be cut off, so it counts for its source until its connection is gone.
      socket.addEventListener("close", () => {
        client.end("gone");
        slot[Symbol.dispose]();
      });
      socket.addEventListener("error", () => client.end("gone")); // "close" follows
      return upgraded.response;
    },
    drop(isBanned) {
      for (const [client, remote] of [...opening, ...clients]) if (isBanned(remote)) client.end("banned");
    },
    close() {
      closed = true;
      for (const client of clients.keys()) client.end("stopping");
      clients.clear();
      feed.stop();
    },
  };
}

/** Notifications, pings and the flushing of slow clients; runs only while there are clients. */
function createFeed(
  { p2p, clock }: { readonly p2p: Pick<HttpP2p, "ownStatus" | "onNotification">; readonly clock: Clock },
  clients: ReadonlyMap<SocketClient, unknown>,
) {
  let running: readonly Disposable[] = [];
  const broadcast = (notification: { readonly type: string }) => {
    const frame = frameOf(notification);
    for (const client of clients.keys()) client.deliver(frame);
  };
  return {
    start() {
      if (running.length > 0) return;
      running = [
        p2p.onNotification(broadcast),
        clock.every(PING_MS, () => broadcast(pingOf(p2p, clock))),
        clock.every(FLUSH_MS, () => clients.forEach((_, client) => client.flush())),
      ];
    },
    stop() {
      for (const part of running) part[Symbol.dispose]();
      running = [];
    },
  };
}

function upgrade(
  request: Request,
  { slot, idleSeconds }: { readonly slot: Disposable; readonly idleSeconds: number },
): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout: idleSeconds });
  } catch (cause) {
    slot[Symbol.dispose]();
    throw new CommonsError("UPGRADE_REQUIRED", "Cannot open a WebSocket: the handshake is not valid", {
      cause,
    });
  }
}

function pingOf(p2p: Pick<HttpP2p, "ownStatus">, clock: Clock) {
  const { base_url = "", peer_id = "" } = p2p.ownStatus();
  return { type: "PING", timestamp: timestamp(clock.now()), base_url, peer_id };
}

/** `YYYY-MM-DDTHH:MM:SSZ` */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19) + "Z";
}
