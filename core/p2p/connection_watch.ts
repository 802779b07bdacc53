import type { ConnectionGater, MultiaddrConnection } from "@libp2p/interface";
import type { Clock } from "../base/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";

/** Bytes on the wire with one peer, handshakes aside. Times are Unix milliseconds, 0 for never. */
export interface Traffic {
  /** Which peer it was since the start; -1 for one that is not connected. */
  readonly number: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly lastSendAt: number;
  readonly lastReceivedAt: number;
}

const NONE: Traffic = Object.freeze({
  number: -1,
  bytesSent: 0,
  bytesReceived: 0,
  lastSendAt: 0,
  lastReceivedAt: 0,
});

interface Meter {
  readonly number: number;
  bytesSent: number;
  bytesReceived: number;
  lastSendAt: number;
  lastReceivedAt: number;
  /** Connections that are counted here. */
  open: number;
}

type Direction = "inbound" | "outbound";
/** What became of a connection. Before `encrypted` it has not even shown the right shared key. */
type Outcome = "opened" | "handshake_failed" | "refused_late";
interface Pending {
  readonly direction: Direction;
  encrypted: boolean;
}

/**
 * Follows connections through libp2p's questions to its gater, without ever denying one: counts what became of their
 * handshakes, then their bytes. To be asked after the gaters that do deny.
 */
export class ConnectionWatch {
  readonly gater: ConnectionGater;
  readonly #clock: Clock;
  readonly #isPrivate: boolean;
  readonly #pending = new Map<MultiaddrConnection, Pending>();
  readonly #outcomes = new Map<string, { direction: Direction; result: Outcome; count: number }>();
  readonly #meters = new Map<string, Meter>();
  #met = 0;
  /** Of all connections, closed ones included. */
  readonly total = { sent: 0, received: 0 };

  constructor(
    { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
    { sharedKey }: { readonly sharedKey?: string | undefined },
  ) {
    this.#clock = clock;
    this.#isPrivate = sharedKey !== undefined && sharedKey !== "";
    this.gater = {
      denyInboundConnection: (connection) => this.#began(connection, "inbound"),
      denyOutboundConnection: (_peer, connection) => this.#began(connection, "outbound"),
      denyInboundEncryptedConnection: (_peer, connection) => this.#encrypted(connection),
      denyOutboundEncryptedConnection: (_peer, connection) => this.#encrypted(connection),
      denyInboundUpgradedConnection: (peer, connection) => this.#opened(peer.toString(), connection),
      denyOutboundUpgradedConnection: (peer, connection) => this.#opened(peer.toString(), connection),
    };
    this.#expose(metrics);
  }

  /** What was said with a connected peer; zeros for any other. */
  trafficOf(peerId: string): Traffic {
    return this.#meters.get(peerId) ?? NONE;
  }

  #began(connection: MultiaddrConnection, direction: Direction): false {
    if (hasEnded(connection)) return false;
    this.#pending.set(connection, { direction, encrypted: false });
    connection.addEventListener("close", () => {
      const pending = this.#pending.get(connection);
      if (pending === undefined) return; // it was opened
      this.#pending.delete(connection);
      this.#count(pending.direction, pending.encrypted ? "refused_late" : "handshake_failed");
    }, { once: true });
    return false;
  }

  #encrypted(connection: MultiaddrConnection): false {
    const pending = this.#pending.get(connection);
    if (pending !== undefined) pending.encrypted = true;
    return false;
  }

  #opened(peerId: string, connection: MultiaddrConnection): false {
    const direction = this.#pending.get(connection)?.direction;
    this.#pending.delete(connection);
    if (direction !== undefined) this.#count(direction, "opened");
    this.#follow(peerId, connection);
    return false;
  }

  #follow(peerId: string, connection: MultiaddrConnection): void {
    if (hasEnded(connection)) return; // nothing would take its meter away again
    const meter = this.#meterOf(peerId);
    const { total } = this;
    const send = connection.send.bind(connection);
    meter.open++;
    connection.send = (data) => {
      meter.bytesSent += data.byteLength;
      meter.lastSendAt = this.#clock.now();
      total.sent += data.byteLength;
      return send(data);
    };
    connection.addEventListener("message", ({ data }) => {
      meter.bytesReceived += data.byteLength;
      meter.lastReceivedAt = this.#clock.now();
      total.received += data.byteLength;
    });
    connection.addEventListener("close", () => {
      if (--meter.open === 0) this.#meters.delete(peerId);
    }, { once: true });
  }

  #meterOf(peerId: string): Meter {
    let meter = this.#meters.get(peerId);
    if (meter === undefined) {
      meter = { ...NONE, number: this.#met++, open: 0 };
      this.#meters.set(peerId, meter);
    }
    return meter;
  }

  #count(direction: Direction, result: Outcome): void {
    const key = `${direction} ${result}`;
    const known = this.#outcomes.get(key);
    if (known === undefined) this.#outcomes.set(key, { direction, result, count: 1 });
    else known.count++;
  }

  #failedHandshakes(): number {
    return [...this.#outcomes.values()]
      .reduce((sum, { result, count }) => result === "handshake_failed" ? sum + count : sum, 0);
  }

  #expose(metrics: Metrics): void {
    metrics.collect(
      {
        name: "commons_p2p_handshakes_total",
        help: "Connections that were admitted or dialled, by what became of their handshake",
        labels: ["direction", "result"],
        kind: "counter",
      },
      () =>
        [...this.#outcomes.values()].map(({ direction, result, count }) => [count, { direction, result }]),
    );
    metrics.collect(
      {
        name: "commons_p2p_connection_bytes_total",
        help: "Bytes on the wire of all connections, handshakes aside",
        labels: ["direction"],
        kind: "counter",
      },
      () => [[this.total.sent, { direction: "sent" }], [this.total.received, { direction: "received" }]],
    );
    metrics.collect(
      {
        name: "commons_p2p_shared_key_failures_total",
        help:
          "Connections of a private network that ended before the peer had proven its key, as with another shared key",
        kind: "counter",
      },
      () => [[this.#isPrivate ? this.#failedHandshakes() : 0]],
    );
  }
}

/** True for a connection whose end was told before anybody here listened for it. */
function hasEnded({ status }: MultiaddrConnection): boolean {
  return status === "closed" || status === "reset" || status === "aborted";
}
