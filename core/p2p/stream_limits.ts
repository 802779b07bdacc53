import type { Stream } from "@libp2p/interface";
import { type Clock, CommonsError, concatBytes, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

const MAX_METERS = 1_024;

export interface StreamLimitsComponents {
  readonly clock: Clock;
  /** True for peers that are not heard. */
  isBanned(peerId: string): boolean;
}

export interface StreamLimitsInit {
  /** Streams open at once, each way: with one peer, and in all. */
  readonly perPeer: number;
  readonly total: number;
  /** Streams that one peer may open in the long run, and at once after a pause. */
  readonly rate: { readonly perSecond: number; readonly burst: number };
}

export type StreamDirection = "inbound" | "outbound";

/** A time limit for what is done with one stream. */
export interface StreamDeadline extends Disposable {
  readonly signal: AbortSignal;
  onAbort(listener: () => void): void;
}

/** How many streams of one protocol there may be, how often they are opened, and how long they take. */
export class StreamLimits {
  readonly #components: StreamLimitsComponents;
  readonly #init: StreamLimitsInit;
  readonly #meters = new RecentMap<string, TokenBucket>(MAX_METERS);
  readonly #open = { inbound: new Map<string, number>(), outbound: new Map<string, number>() };
  readonly #total = { inbound: 0, outbound: 0 };
  readonly #abort = new AbortController();

  constructor(components: StreamLimitsComponents, init: StreamLimitsInit) {
    this.#components = components;
    this.#init = init;
  }

  /** Ends what is under way, and admits nobody any more. */
  stop(): void {
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot finish the stream: the node is stopping"));
  }

  /** A slot for a stream that a peer has opened; `undefined` when it may not, or not so often. */
  admit(peerId: string): Disposable | undefined {
    if (this.#abort.signal.aborted || this.#components.isBanned(peerId)) return undefined;
    let meter = this.#meters.get(peerId);
    if (meter === undefined) {
      meter = new TokenBucket({ clock: this.#components.clock, ...this.#init.rate });
      this.#meters.set(peerId, meter);
    }
    return meter.take() ? this.take(peerId, "inbound") : undefined;
  }

  /** A slot, whoever it is; `undefined` when all are taken. */
  take(peerId: string, direction: StreamDirection): Disposable | undefined {
    const open = this.#open[direction];
    const own = open.get(peerId) ?? 0;
    if (own >= this.#init.perPeer || this.#total[direction] >= this.#init.total) return undefined;
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

  /** Aborts after `ms`, when the node stops, or when `signal` aborts. */
  deadline(ms: number, options: { readonly signal?: AbortSignal | undefined } = {}): StreamDeadline {
    const own = new AbortController();
    const signals = [
      own.signal,
      this.#abort.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ];
    const signal = AbortSignal.any(signals);
    const timer = this.#components.clock.after(ms, () => own.abort(streamTimeout()));
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
}

/** Why a stream is ended that is not needed any more. */
export function streamTimeout(): CommonsError {
  return new CommonsError("TIMEOUT", "Cannot finish the stream: it took too long or failed");
}

/**
 * Everything up to the other side's end of writing. The library ends the iteration quietly when a stream is reset too:
 * what came before a reset is no message.
 * @throws {CommonsError} `MESSAGE_TOO_LARGE`, `REQUEST_FAILED` for a stream that was reset
 */
export async function readToEnd(stream: Stream, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new CommonsError("MESSAGE_TOO_LARGE", "Cannot read from the stream: it is over the size cap");
    }
    parts.push(chunk instanceof Uint8Array ? chunk : chunk.subarray());
  }
  if (stream.status === "reset" || stream.status === "aborted") {
    throw new CommonsError("REQUEST_FAILED", "Cannot read to the end: the stream was reset");
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concatBytes(parts);
}
