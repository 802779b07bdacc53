import type { Counter, Metrics } from "../telemetry/mod.ts";
import type { ClientSlots } from "./client_slots.ts";
import type { SocketClient } from "./socket_client.ts";

/** Counters that the hub of notification sockets brings up to date. */
export interface SocketMetrics {
  /** Label `reason`. */
  readonly evicted: Counter;
  /** Label `type`. */
  readonly dropped: Counter;
  readonly refused: Counter;
}

/** Shows the sockets and what waits for them. */
export function socketMetrics(
  metrics: Metrics,
  { clients, slots }: { readonly clients: ReadonlyMap<SocketClient, unknown>; readonly slots: ClientSlots },
): SocketMetrics {
  metrics.collect(
    { name: "commons_http_ws_clients", help: "Open notification sockets." },
    () => [[slots.taken]],
  );
  const waiting = (of: "frames" | "bytes") => {
    let sum = 0;
    for (const client of clients.keys()) sum += client.pending[of];
    return sum;
  };
  metrics.collect(
    { name: "commons_http_ws_queued_frames", help: "Frames that wait for slow clients." },
    () => [[waiting("frames")]],
  );
  metrics.collect(
    { name: "commons_http_ws_queued_bytes", help: "Bytes that wait for slow clients." },
    () => [[waiting("bytes")]],
  );
  return {
    evicted: metrics.counter({
      name: "commons_http_ws_evicted_total",
      help: "Notification sockets that the node closed.",
      labels: ["reason"],
    }),
    dropped: metrics.counter({
      name: "commons_http_ws_dropped_total",
      help: "Notifications that slow clients missed because later ones say it all, by type.",
      labels: ["type"],
    }),
    refused: metrics.counter({
      name: "commons_http_ws_refused_total",
      help: "Notification sockets refused because too many were open.",
    }),
  };
}
