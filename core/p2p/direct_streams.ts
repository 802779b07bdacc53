import type { Connection, Stream } from "@libp2p/interface";
import { type Clock, CommonsError, concatBytes, errorText, TokenBucket } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { Host } from "./host.ts";
import { RecentMap } from "./recent_map.ts";

/** Most bytes of a direct message. */
export const MAX_DIRECT_BYTES = 64 * 1024;
/** A message must be there whole, or written whole, within this time. */
export const DIRECT_DEADLINE_MS = 10_000;
/** Streams open at once, each way: with one peer, and in all. */
export const MAX_STREAMS_PER_PEER = 4;
export const MAX_STREAMS = 64;

/** Streams that one peer may open in the long run. */
const STREAM_RATE = { perSecond: 2, burst: 20 };
const MAX_METERS = 1_024;

export interface DirectStreamsComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True for peers that are not heard. */
  isBanned(peerId: string): boolean;
  /** Takes a whole message; must not throw. */
  receive(bytes: Uint8Array, from: Connection): void;
}

type Outcome = "done" | "refused" | "failed";

/**
 * Messages from one connected peer to another, past the gossip: one stream for each message, closed behind it. Streams,
 * their bytes and the time that they take are bounded for each peer and in all.
 */
export class DirectStreams {
  readonly protocol: string;
  readonly #components: DirectStreamsComponents;
  readonly #meters = new RecentMap<string, TokenBucket>(MAX_METERS);
  readonly #open = { inbound: new Map<string, number>(), outbound: new Map<string, number>() };
  readonly #total = { inbound: 0, outbound: 0 };
  readonly #outcomes = new Map<string, { direction: string; outcome: Outcome; count: number }>();
  readonly #abort = new AbortController();
  #host: Host | undefined;

  constructor(components: DirectStreamsComponents, init: { readonly protocol: string }) {
    this.#components = components;
    this.protocol = init.protocol;
    components.metrics.collect(
      {
        name: "commons_p2p_direct_streams_total",
        help: "Direct message streams by direction and outcome",
        labels: ["direction", "outcome"],
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
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot finish the stream: the node is stopping"));
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
    using slot = this.#takeSlot(peerId, "outbound");
    if (slot === undefined) {
      this.#count("outbound", "refused");
      throw new CommonsError("TOO_MANY_STREAMS", "Cannot send a direct message: too many are under way");
    }
    using deadline = this.#deadline();
    let stream: Stream | undefined;
    try {
      const { signal } = deadline;
      stream = await connection.newStream(this.protocol, { signal });
      deadline.onAbort(() => stream?.abort(timedOut()));
      stream.send(bytes);
      await stream.close({ signal });
      this.#count("outbound", "done");
    } catch (cause) {
      stream?.abort(timedOut());
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
    using slot = this.#admit(peerId);
    if (slot === undefined) {
      this.#count("inbound", "refused");
      stream.abort(new CommonsError("TOO_MANY_STREAMS", "Cannot take the stream: the peer opens too many"));
      return;
    }
    using deadline = this.#deadline();
    deadline.onAbort(() => stream.abort(timedOut()));
    try {
      const bytes = await readAll(stream);
      this.#components.receive(bytes, connection);
      await stream.close({ signal: deadline.signal });
      this.#count("inbound", "done");
    } catch (error) {
      stream.abort(timedOut());
      this.#count("inbound", "failed");
      this.#components.logger.debug("direct stream failed", {
        peerId,
        error: errorText(error).slice(0, 300),
      });
    }
  }

  #admit(peerId: string): Disposable | undefined {
    if (this.#abort.signal.aborted || this.#components.isBanned(peerId)) return undefined;
    let meter = this.#meters.get(peerId);
    if (meter === undefined) {
      meter = new TokenBucket({ clock: this.#components.clock, ...STREAM_RATE });
      this.#meters.set(peerId, meter);
    }
    return meter.take() ? this.#takeSlot(peerId, "inbound") : undefined;
  }

  #takeSlot(peerId: string, direction: "inbound" | "outbound"): Disposable | undefined {
    const open = this.#open[direction];
    const own = open.get(peerId) ?? 0;
    if (own >= MAX_STREAMS_PER_PEER || this.#total[direction] >= MAX_STREAMS) return undefined;
    open.set(peerId, own + 1);
    this.#total[direction]++;
    return {
      [Symbol.dispose]: () => {
        this.#total[direction]--;
        const left = (open.get(peerId) ?? 1) - 1;
        if (left > 0) open.set(peerId, left);
        else open.delete(peerId);
      },
    };
  }

  /** Aborts after the deadline or when the node stops. */
  #deadline() {
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, this.#abort.signal]);
    const timer = this.#components.clock.after(DIRECT_DEADLINE_MS, () => own.abort(timedOut()));
    const heard = new AbortController();
    return {
      signal,
      onAbort(listener: () => void) {
        if (signal.aborted) listener();
        else signal.addEventListener("abort", listener, { once: true, signal: heard.signal });
      },
      [Symbol.dispose]() {
        timer[Symbol.dispose]();
        heard.abort();
      },
    };
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

function timedOut(): CommonsError {
  return new CommonsError("TIMEOUT", "Cannot finish the stream: it took too long or failed");
}

/** Everything up to the other side's end of writing. @throws {CommonsError} `MESSAGE_TOO_LARGE` */
async function readAll(stream: Stream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > MAX_DIRECT_BYTES) {
      throw new CommonsError("MESSAGE_TOO_LARGE", "Cannot read a direct message: it is over the size cap");
    }
    parts.push(chunk instanceof Uint8Array ? chunk : chunk.subarray());
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatBytes(parts);
}
