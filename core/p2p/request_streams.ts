import type { Connection, Stream } from "@libp2p/interface";
import { type Clock, CommonsError, errorText, isCommonsError } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { Host } from "./host.ts";
import type { RequestHandler, RequestOptions, Requests } from "./request_types.ts";
import { readToEnd, type StreamDeadline, StreamLimits, streamTimeout } from "./stream_limits.ts";

/** A question and its answer must be through within this time, unless the handler says otherwise. */
export const REQUEST_DEADLINE_MS = 15_000;
/** Most bytes of an answer when nothing else is said. */
const DEFAULT_ANSWER_BYTES = 64 * 1024;
/** Streams open at once, each way and for each protocol: with one peer, and in all. */
const DEFAULT_LIMITS = { perPeer: 4, total: 32, rate: { perSecond: 2, burst: 20 } };
/** Protocols are named by this node's own services. */
const MAX_PROTOCOLS = 64;

export interface RequestStreamsComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** True for peers that are not heard. */
  isBanned(peerId: string): boolean;
  /** From 0 to 100; absent: all are the same. */
  readonly reputationOf?: ((peerId: string) => number) | undefined;
}

type Outcome = "done" | "refused" | "failed";

/** One protocol: its limits, who speaks it, and how it is answered here. */
interface Spoken {
  readonly limits: StreamLimits;
  readonly speakers: Set<string>;
  readonly handler: RequestHandler;
}

/**
 * Questions from one connected peer to another: a stream for each, on which the asking side writes its question and ends
 * its writing, and the other writes its answer and closes. A stream that is reset is no answer. Streams, their bytes and
 * the time that they take are bounded for each protocol, for each peer and in all.
 */
export class RequestStreams implements Requests {
  readonly #components: RequestStreamsComponents;
  readonly #spoken = new Map<string, Spoken>();
  /** Those of questions about protocols that are not answered here. */
  readonly #limits: StreamLimits;
  readonly #outcomes = new Map<string, { labels: Readonly<Record<string, string>>; count: number }>();
  #host: Host | undefined;
  #stopped = false;

  constructor(components: RequestStreamsComponents) {
    this.#components = components;
    this.#limits = new StreamLimits(components, DEFAULT_LIMITS);
    components.metrics.collect(
      {
        name: "commons_p2p_requests_total",
        help: "Questions to peers and of peers by protocol, direction and outcome",
        labels: ["protocol", "direction", "outcome"],
        kind: "counter",
      },
      () => [...this.#outcomes.values()].map(({ labels, count }) => [count, labels]),
    );
  }

  handle(protocol: string, handler: RequestHandler): Disposable {
    if (this.#spoken.has(protocol) || this.#spoken.size >= MAX_PROTOCOLS) {
      throw new CommonsError("INVALID_PROTOCOL", `Cannot answer ${protocol}: it is answered already`);
    }
    const limits = new StreamLimits(this.#components, { ...DEFAULT_LIMITS, ...handler.limits });
    const spoken = { limits, speakers: new Set<string>(), handler };
    this.#spoken.set(protocol, spoken);
    if (this.#host !== undefined) this.#register(this.#host, protocol, spoken).catch(this.#notRegistered);
    return {
      [Symbol.dispose]: () => {
        if (this.#spoken.get(protocol) !== spoken) return;
        this.#spoken.delete(protocol);
        limits.stop();
        this.#host?.unhandle(protocol).catch(() => {}); // a host that has stopped answers nothing anyway
      },
    };
  }

  speakers(protocol: string): readonly string[] {
    const { reputationOf } = this.#components;
    const speakers = [...this.#spoken.get(protocol)?.speakers ?? []];
    if (reputationOf === undefined || speakers.length < 2) return speakers;
    const ranks = new Map(speakers.map((peerId) => [peerId, reputationOf(peerId)]));
    return speakers.sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0));
  }

  /** Answers the protocols from the host's start on. */
  async attach(host: Host): Promise<void> {
    this.#host = host;
    host.addEventListener("peer:identify", ({ detail: { peerId, protocols } }) => {
      for (const [protocol, { speakers }] of this.#spoken) {
        if (protocols.includes(protocol)) speakers.add(peerId.toString());
      }
    });
    host.addEventListener("peer:disconnect", ({ detail }) => {
      for (const { speakers } of this.#spoken.values()) speakers.delete(detail.toString());
    });
    for (const [protocol, spoken] of this.#spoken) await this.#register(host, protocol, spoken);
  }

  /** Ends what is under way. */
  stop(): void {
    this.#stopped = true;
    this.#limits.stop();
    for (const { limits } of this.#spoken.values()) limits.stop();
  }

  async request(
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    options: RequestOptions = {},
  ): Promise<Uint8Array> {
    const connection = this.#connectionTo(peerId);
    if (connection === undefined) {
      throw new CommonsError("NOT_CONNECTED", "Cannot ask the peer: it is not connected");
    }
    const { limits, handler } = this.#spoken.get(protocol) ?? { limits: this.#limits };
    using slot = limits.take(peerId, "outbound");
    if (slot === undefined) {
      this.#count(protocol, "outbound", "refused");
      throw new CommonsError("TOO_MANY_STREAMS", "Cannot ask the peer: too many questions are under way");
    }
    using deadline = limits.deadline(
      options.deadlineMs ?? handler?.deadlineMs ?? REQUEST_DEADLINE_MS,
      options,
    );
    const maxBytes = options.maxAnswerBytes ?? handler?.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES;
    let stream: Stream | undefined;
    try {
      const { signal } = deadline;
      signal.throwIfAborted();
      stream = await connection.newStream(protocol, { signal });
      deadline.onAbort(() => stream?.abort(streamTimeout()));
      stream.send(bytes);
      const [answer] = await Promise.all([readToEnd(stream, maxBytes), stream.close({ signal })]);
      this.#count(protocol, "outbound", "done");
      return answer;
    } catch (cause) {
      stream?.abort(streamTimeout());
      this.#count(protocol, "outbound", "failed");
      throw requestFault(cause, deadline.signal);
    }
  }

  async #register(host: Host, protocol: string, spoken: Spoken): Promise<void> {
    const { perPeer } = { ...DEFAULT_LIMITS, ...spoken.handler.limits };
    await host.handle(
      protocol,
      (stream, connection) => this.#answer(stream, { connection, protocol, spoken }),
      {
        maxInboundStreams: perPeer,
        maxOutboundStreams: perPeer,
        runOnLimitedConnection: false,
      },
    );
  }

  async #answer(
    stream: Stream,
    { connection, protocol, spoken }: { connection: Connection; protocol: string; spoken: Spoken },
  ): Promise<void> {
    const { limits, handler } = spoken;
    const peerId = connection.remotePeer.toString();
    using slot = limits.admit(peerId);
    if (slot === undefined) {
      this.#count(protocol, "inbound", "refused");
      stream.abort(new CommonsError("TOO_MANY_STREAMS", "Cannot take the question: the peer asks too much"));
      return;
    }
    using deadline = limits.deadline(handler.deadlineMs ?? REQUEST_DEADLINE_MS);
    deadline.onAbort(() => stream.abort(streamTimeout()));
    const { signal } = deadline;
    try {
      const question = await readToEnd(stream, handler.maxRequestBytes);
      const answer = await Promise.race([handler.answer(question, peerId, { signal }), aborted(deadline)]);
      if (answer === undefined) {
        this.#count(protocol, "inbound", "refused");
        stream.abort(new CommonsError("NO_ANSWER", "Cannot answer the question"));
        return;
      }
      if (answer.length > handler.maxAnswerBytes) {
        throw new CommonsError("MESSAGE_TOO_LARGE", `Cannot answer: ${answer.length} bytes`);
      }
      if (answer.length > 0 && !stream.send(answer)) await stream.onDrain({ signal });
      await stream.close({ signal });
      this.#count(protocol, "inbound", "done");
    } catch (error) {
      stream.abort(streamTimeout());
      this.#count(protocol, "inbound", "failed");
      const fields = { protocol, peerId, error: errorText(error).slice(0, 300) };
      this.#components.logger.debug("a question was not answered", fields);
    }
  }

  #connectionTo(peerId: string): Connection | undefined {
    if (this.#stopped) return undefined;
    return this.#host?.getConnections().find(({ remotePeer, status, limits }) =>
      status === "open" && limits === undefined && remotePeer.toString() === peerId
    );
  }

  readonly #notRegistered = (error: unknown) => {
    this.#components.logger.warn("a protocol is not answered", { error: errorText(error).slice(0, 300) });
  };

  #count(protocol: string, direction: "inbound" | "outbound", outcome: Outcome): void {
    const key = `${protocol} ${direction} ${outcome}`;
    const known = this.#outcomes.get(key);
    if (known !== undefined) known.count++;
    else if (this.#outcomes.size < 6 * MAX_PROTOCOLS) {
      this.#outcomes.set(key, { labels: { protocol, direction, outcome }, count: 1 });
    }
  }
}

/** Rejects at the deadline: an answer that does not heed its signal must not keep its slot. */
function aborted({ signal, onAbort }: StreamDeadline): Promise<never> {
  return new Promise((_resolve, reject) => onAbort(() => reject(signal.reason)));
}

function requestFault(cause: unknown, signal: AbortSignal): CommonsError {
  if (signal.aborted && isCommonsError(signal.reason)) return signal.reason;
  if (isCommonsError(cause, "MESSAGE_TOO_LARGE")) return cause;
  const state = errorText(cause).slice(0, 300);
  const unspoken = cause instanceof Error && cause.name === "UnsupportedProtocolError";
  return unspoken
    ? new CommonsError("UNSUPPORTED_PROTOCOL", "Cannot ask the peer: it does not speak the protocol", {
      cause,
    })
    : new CommonsError("REQUEST_FAILED", `Cannot ask the peer: ${state}`, { cause });
}
