import type { Connection, Stream } from "@libp2p/interface";
import { type Clock, CommonsError, errorText, isCommonsError } from "../base/mod.ts";
import type { LogFields, Logger, Metrics } from "../telemetry/mod.ts";
import type { Host } from "./host.ts";
import { RefusalLog } from "./refusal_log.ts";
import { readToEnd, StreamLimits, streamTimeout } from "./stream_limits.ts";

/** Most bytes of a direct message. */
export const MAX_DIRECT_BYTES = 64 * 1024;
/** A message must be there whole, or written whole, within this time. */
export const DIRECT_DEADLINE_MS = 10_000;
/** Streams open at once, each way: with one peer, and in all. */
export const MAX_STREAMS_PER_PEER = 4;
export const MAX_STREAMS = 64;

/** Streams that one peer may open in the long run. */
const STREAM_RATE = { perSecond: 2, burst: 20 };

export interface DirectStreamsComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True for peers that are not heard. */
  isBanned(peerId: string): boolean;
  /** Takes a whole message; must not throw. */
  receive(bytes: Uint8Array, from: Connection): void;
  /** Told of a message that is over the size cap; must not throw. */
  oversized(from: Connection): void;
}

type Outcome = "done" | "refused" | "failed";

/**
 * Messages from one connected peer to another, past the gossip: one stream for each message, closed behind it. Streams,
 * their bytes and the time that they take are bounded for each peer and in all.
 */
export class DirectStreams {
  readonly protocol: string;
  readonly #components: DirectStreamsComponents;
  readonly #limits: StreamLimits;
  readonly #outcomes = new Map<string, { direction: string; outcome: Outcome; count: number }>();
  readonly #refusals: RefusalLog;
  #host: Host | undefined;

  constructor(components: DirectStreamsComponents, init: { readonly protocol: string }) {
    this.#components = components;
    this.#refusals = new RefusalLog(components);
    this.protocol = init.protocol;
    this.#limits = new StreamLimits(components, {
      perPeer: MAX_STREAMS_PER_PEER,
      total: MAX_STREAMS,
      rate: STREAM_RATE,
    });
    components.metrics.collect(
      {
        name: "commons_p2p_direct_streams_total",
        help: "Direct message streams by direction and outcome",
        labels: ["direction", "outcome"],
        kind: "counter",
      },
      () =>
        [...this.#outcomes.values()].map(({ direction, outcome, count }) => [count, { direction, outcome }]),
    );
  }

  /** Answers the protocol from the host's start on. */
  async attach(host: Host): Promise<void> {
    this.#host = host;
    await host.handle(this.protocol, (stream, connection) => this.#accept(stream, connection), {
      maxInboundStreams: MAX_STREAMS_PER_PEER,
      maxOutboundStreams: MAX_STREAMS_PER_PEER,
      runOnLimitedConnection: false,
    });
  }

  /** Ends what is under way. */
  stop(): void {
    this.#limits.stop();
  }

  /**
   * Sends a message over a connection that is open; does not dial.
   * @throws {CommonsError} `NOT_CONNECTED`, `TOO_MANY_STREAMS`, `MESSAGE_TOO_LARGE`, `SEND_FAILED`
   */
  async send(peerId: string, bytes: Uint8Array): Promise<void> {
    const connection = this.#connectionTo(peerId);
    if (connection === undefined) {
      throw new CommonsError("NOT_CONNECTED", "Cannot send a direct message: the peer is not connected");
    }
    if (bytes.length > MAX_DIRECT_BYTES) {
      throw new CommonsError("MESSAGE_TOO_LARGE", `Cannot send a direct message: ${bytes.length} bytes`);
    }
    using slot = this.#limits.take(peerId, "outbound");
    if (slot === undefined) {
      this.#count("outbound", "refused");
      throw new CommonsError("TOO_MANY_STREAMS", "Cannot send a direct message: too many are under way");
    }
    using deadline = this.#limits.deadline(DIRECT_DEADLINE_MS);
    let stream: Stream | undefined;
    try {
      const { signal } = deadline;
      stream = await connection.newStream(this.protocol, { signal });
      deadline.onAbort(() => stream?.abort(streamTimeout()));
      stream.send(bytes);
      await stream.close({ signal });
      this.#count("outbound", "done");
    } catch (cause) {
      stream?.abort(streamTimeout());
      this.#count("outbound", "failed");
      throw new CommonsError(
        "SEND_FAILED",
        `Cannot send a direct message: ${errorText(cause).slice(0, 300)}`,
        {
          cause,
        },
      );
    }
  }

  async #accept(stream: Stream, connection: Connection): Promise<void> {
    const peerId = connection.remotePeer.toString();
    using slot = this.#limits.admit(peerId);
    if (slot === undefined) {
      this.#count("inbound", "refused");
      this.#tell("direct stream refused", { peerId, reason: this.#reasonOf(peerId) });
      stream.abort(new CommonsError("TOO_MANY_STREAMS", "Cannot take the stream: the peer opens too many"));
      return;
    }
    using deadline = this.#limits.deadline(DIRECT_DEADLINE_MS);
    deadline.onAbort(() => stream.abort(streamTimeout()));
    try {
      const bytes = await readToEnd(stream, MAX_DIRECT_BYTES);
      this.#components.receive(bytes, connection);
      await stream.close({ signal: deadline.signal });
      this.#count("inbound", "done");
    } catch (error) {
      stream.abort(streamTimeout());
      this.#count("inbound", "failed");
      if (isCommonsError(error, "MESSAGE_TOO_LARGE")) this.#components.oversized(connection);
      this.#tell("direct stream failed", { peerId, reason: errorText(error).slice(0, 300) });
    }
  }

  #tell(message: string, fields: LogFields): void {
    if (this.#refusals.ready()) this.#refusals.write(message, fields);
  }

  #reasonOf(peerId: string): string {
    return this.#components.isBanned(peerId) ? "BANNED" : "TOO_MANY_STREAMS";
  }

  #connectionTo(peerId: string): Connection | undefined {
    return this.#host?.getConnections().find(({ remotePeer, status, limits }) =>
      status === "open" && limits === undefined && remotePeer.toString() === peerId
    );
  }

  #count(direction: "inbound" | "outbound", outcome: Outcome): void {
    const key = `${direction} ${outcome}`;
    const known = this.#outcomes.get(key);
    if (known === undefined) this.#outcomes.set(key, { direction, outcome, count: 1 });
    else known.count++;
  }
}
