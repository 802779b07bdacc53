import type { Connection } from "@libp2p/interface";
import type { Clock, ErrorCode } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { sendingEndOf } from "./connection_internals.ts";

const CHECK_MS = 10_000;
const MIB = 1024 * 1024;
/** Bytes on their way to one peer that are more than any that reads has for long. */
const MANY_BYTES = MIB;
/** Checks in a row that a peer may be so far behind. */
const PATIENCE = 3;
/** Who takes as much from one check to the next has a slow line (13 kB/s) and means no harm: it is dropped, not blamed. */
const FEW_BYTES = 128 * 1024;
/**
 * Bytes that may wait under the streams of one connection. A peer that reads never gets there: streams wait as soon as
 * the connection takes no more. One that does not read can still ask for small answers without end, or give its streams
 * leave to send without taking what they send.
 */
const MAX_UNDER_STREAMS = 8 * MIB;
/** Bytes that may wait for all peers together; beyond it the one that is furthest behind is dropped. */
const MAX_TOTAL = 128 * MIB;

export interface SlowReadersComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  connections(): readonly Connection[];
  /** Bytes that were handed to the wire for a peer so far. */
  sentTo(peerId: string): number;
  /** Hears of each peer that was dropped because it does not read at all. */
  misbehaved(connection: Connection, code: ErrorCode): void;
}

/** A peer that is behind: for how many checks in a row, and what it had taken at the first and at the last. */
interface Behind {
  readonly sentFirst: number;
  sentLast: number;
  checks: number;
}

type Why = "behind" | "overflow" | "memory";

/**
 * Drops peers that do not read what they are sent: more than a MiB behind for half a minute. Each would hold up to 16 MiB
 * of this node's memory for as long as it likes, and takes a place that somebody else could use.
 */
export class SlowReaders implements Disposable {
  readonly #components: SlowReadersComponents;
  readonly #behind = new WeakMap<Connection, Behind>();
  /** Dropped ones, for they tell their end, too. */
  readonly #ended = new WeakSet<Connection>();
  readonly #dropped = new Map<Why, number>();
  readonly #timer: Disposable;

  constructor(components: SlowReadersComponents) {
    this.#components = components;
    this.#timer = components.clock.every(CHECK_MS, () => this.#check());
    components.metrics.collect(
      {
        name: "commons_p2p_slow_readers_dropped_total",
        help: "Connections that were closed because the peer does not read what it is sent, by reason",
        labels: ["reason"],
        kind: "counter",
      },
      () => [...this.#dropped].map(([reason, count]) => [count, { reason }]),
    );
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  /** Looks after a new connection. */
  opened(connection: Connection): void {
    const end = sendingEndOf(connection);
    if (end !== undefined) {
      end.maxWriteBufferLength = MAX_UNDER_STREAMS;
      end.addEventListener("close", (event) => {
        if (isOverflow(event)) this.#drop(connection, { why: "overflow", blamed: true });
      }, { once: true });
    }
    // the library ends a connection over which pings are not answered, and may come before the last check
    connection.addEventListener("close", () => {
      const behind = this.#behind.get(connection);
      if (behind === undefined || behind.checks < PATIENCE - 1) return;
      this.#drop(connection, { why: "behind", blamed: readsNothing(behind) });
    }, { once: true });
  }

  #check(): void {
    const waiting = this.#components.connections()
      .map((connection) => ({ connection, bytes: bytesBehind(connection) }))
      .toSorted((a, b) => a.bytes - b.bytes);
    let total = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { connection, bytes } of waiting.toReversed()) {
      const behind = this.#count(connection, bytes);
      if (behind !== undefined && behind.checks >= PATIENCE) {
        this.#drop(connection, { why: "behind", blamed: readsNothing(behind), bytes });
      } else if (total > MAX_TOTAL) this.#drop(connection, { why: "memory", blamed: false, bytes });
      else continue;
      total -= bytes;
    }
  }

  #count(connection: Connection, bytes: number): Behind | undefined {
    if (bytes < MANY_BYTES) {
      this.#behind.delete(connection);
      return undefined;
    }
    const sentLast = this.#components.sentTo(connection.remotePeer.toString());
    const behind = this.#behind.get(connection) ?? { checks: 0, sentFirst: sentLast, sentLast };
    behind.checks++;
    behind.sentLast = sentLast;
    this.#behind.set(connection, behind);
    return behind;
  }

  #drop(
    connection: Connection,
    { why, blamed, bytes }: { readonly why: Why; readonly blamed: boolean; readonly bytes?: number },
  ): void {
    if (this.#ended.has(connection)) return;
    this.#ended.add(connection);
    const peerId = connection.remotePeer.toString();
    this.#dropped.set(why, (this.#dropped.get(why) ?? 0) + 1);
    this.#components.logger.info("connection closed: the peer does not read", {
      peerId,
      reason: why,
      ...(bytes === undefined ? {} : { bytesBehind: bytes }),
    });
    connection.abort(new Error("the peer does not read"));
    if (blamed) this.#components.misbehaved(connection, "SLOW_READER");
  }
}

function readsNothing({ sentFirst, sentLast, checks }: Behind): boolean {
  return sentLast - sentFirst < FEW_BYTES * (checks - 1);
}

function bytesBehind(connection: Connection): number {
  const under = sendingEndOf(connection)?.writeBufferLength ?? 0;
  return connection.streams.reduce((sum, { writeBufferLength }) => sum + writeBufferLength, under);
}

/** True for the end of what holds more than it may (`StreamBufferError` of the library). */
function isOverflow(event: Event): boolean {
  return "error" in event && event.error instanceof Error && event.error.name === "StreamBufferError";
}
