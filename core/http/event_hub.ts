import { type Clock, CommonsError, type Timer } from "../base/mod.ts";
import type { EventBus, EventType, NodeEvent } from "../events/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import { ClientSlots } from "./client_slots.ts";
import { EventStream } from "./event_stream.ts";
import type { Caller } from "./guard.ts";

const HEARTBEAT_MS = 15_000;
const encoder = new TextEncoder();
const HELLO = encoder.encode("retry: 2000\n\n");
const HEARTBEAT = encoder.encode(":\n\n");

/** What one client wants. */
export interface EventRequest {
  readonly caller: Caller;
  /** Absent means all. */
  readonly types?: readonly EventType[];
  /** Resume after this event. */
  readonly after?: number;
  /** Settles when the connection is done with; the client counts until then. */
  readonly completed?: Promise<void>;
}

/** Server-sent events: every event is written once and shared by all clients. */
export interface EventHub {
  /** @throws {CommonsError} `TOO_MANY_CLIENTS` */
  open(request: EventRequest): Response;
  /** Ends the streams to the addresses of which `isBanned` says so. */
  drop(isBanned: (remote: string) => boolean): void;
  close(): void;
}

interface Client {
  readonly stream: EventStream;
  /** Address of a client that is not on loopback, else "". */
  readonly remote: string;
  readonly types: ReadonlySet<EventType> | undefined;
}

/** Settings of {@linkcode createEventHub}. */
export interface EventHubInit {
  readonly maxClients: number;
  readonly maxBytes: number;
  /** Addresses that may hold more than one source's share. */
  readonly isTrusted?: ((remote: string) => boolean) | undefined;
}

/** At most `maxClients` streams, each with at most `maxBytes` waiting. */
export function createEventHub(
  components: {
    readonly events: Pick<EventBus, "listen" | "since">;
    readonly clock: Clock;
    readonly metrics: Metrics;
  },
  init: EventHubInit,
): EventHub {
  const { events, clock, metrics } = components;
  const clients = new Set<Client>();
  const slots = new ClientSlots(init.maxClients, { isTrusted: init.isTrusted });
  const evicted = metrics.counter({
    name: "commons_http_sse_evicted_total",
    help: "Event streams ended because the client read too slowly.",
  });
  metrics.collect({ name: "commons_http_sse_clients", help: "Open event streams." }, () => [[slots.taken]]);
  let running: { readonly feed: Disposable; readonly heartbeat: Timer } | undefined;

  const deliver = (event: NodeEvent) => {
    let bytes: Uint8Array | undefined;
    for (const { stream, types } of clients) {
      if (types !== undefined && !types.has(event.type)) continue;
      bytes ??= encodeEvent(event);
      if (stream.push(bytes)) continue;
      evicted.inc();
      stream.end(); // it can come back with Last-Event-ID
    }
  };
  const beat = () => {
    for (const { stream } of clients) if (stream.pendingBytes === 0) stream.push(HEARTBEAT);
  };
  const stopFeed = () => {
    running?.feed[Symbol.dispose]();
    running?.heartbeat[Symbol.dispose]();
    running = undefined;
  };

  return {
    open({ caller, types, after, completed }) {
      const slot = slots.take(caller);
      if (slot === undefined) {
        throw new CommonsError("TOO_MANY_CLIENTS", "Cannot open an event stream: too many are open");
      }
      running ??= {
        feed: events.listen({ name: "http_sse" }, deliver),
        heartbeat: clock.every(HEARTBEAT_MS, beat),
      };
      const onEnd = () => {
        clients.delete(client);
        if (clients.size === 0) stopFeed();
        // A client that does not read still holds its connection: it counts for its source until that is gone.
        slot.linger();
        if (completed === undefined) slot[Symbol.dispose]();
        else completed.catch(() => {}).finally(() => slot[Symbol.dispose]()); // how it ended does not matter
      };
      const stream = new EventStream({ maxBytes: init.maxBytes, onEnd });
      const client: Client = { stream, remote: caller.remote, types: types && new Set(types) };
      clients.add(client);
      stream.push(HELLO);
      if (after !== undefined) replay(stream, events.since(after, types));
      return new Response(stream.body, {
        headers: {
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
      });
    },
    drop(isBanned) {
      for (const { stream, remote } of clients) if (isBanned(remote)) stream.end();
    },
    close() {
      for (const { stream } of clients) stream.finish();
      stopFeed();
    },
  };
}

/** Queues what was missed; when it does not all fit, the stream ends after the part that does, and the client resumes. */
function replay(stream: EventStream, missed: readonly NodeEvent[]): void {
  for (const event of missed) {
    if (!stream.push(encodeEvent(event))) return stream.finish();
  }
}

function encodeEvent(event: NodeEvent): Uint8Array {
  return encoder.encode(`id: ${event.id}\nevent: ${event.type}\ndata: ${event.json}\n\n`);
}
