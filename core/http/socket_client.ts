import { type Clock, TokenBucket } from "../base/mod.ts";
import { Outbox } from "./outbox.ts";

const MAX_INBOUND_BYTES = 1024;
const MAX_INBOUND_PER_MINUTE = 100;
/** Bytes handed to the socket and not written yet, above which frames wait in the outbox instead. */
const HIGH_WATER = 64 * 1024;
/** A client that takes nothing of what waits for it in this time has stopped reading. */
const WRITE_DEADLINE_MS = 10_000;

/** One text frame, serialised once for all clients. */
export interface Frame {
  readonly type: string;
  readonly text: string;
  /** While it waits, a later frame with the same key takes its place. */
  readonly key?: string | undefined;
}

const encoder = new TextEncoder();

/** A frame of a notification; a `node_status` may be dropped when a client is slow, and only each peer's last one waits. */
export function frameOf(notification: { readonly type: string; readonly peer_id?: unknown }): Frame {
  const { type, peer_id } = notification;
  return {
    type,
    text: JSON.stringify(withoutEmpty(notification)),
    key: isDroppable(type) ? `${type} ${peer_id}` : undefined,
  };
}

/** Fields that are there even when they are empty. */
const ALWAYS: ReadonlySet<string> = new Set(["type", "best_height", "block_assembly_details"]);

/** Clients of other nodes of this family expect that a field with nothing in it is left out. */
function withoutEmpty(notification: object): Readonly<Record<string, unknown>> {
  const fields = Object.entries(notification).filter(([name, value]) =>
    ALWAYS.has(name) || (value !== "" && value !== null && value !== undefined)
  );
  return Object.fromEntries(fields);
}

function isDroppable(type: string): boolean {
  return type === "node_status" || type === "PING";
}

/** Options of {@linkcode SocketClient}. */
export interface SocketClientInit {
  readonly socket: WebSocket;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Types wanted; absent means all. */
  readonly types?: ReadonlySet<string>;
  /** The client stopped being served: too slow, too chatty, banned, or gone. Called once. */
  readonly onEnd: (reason: "gone" | "too_slow" | "too_chatty" | "banned") => void;
  /** A frame of this type will not be sent: there was no room, or a later one took its place. */
  readonly onDrop?: (type: string) => void;
}

/** One notification WebSocket. Sending never waits: frames go to the socket while it writes, else to a bounded queue. */
export class SocketClient {
  readonly #init: SocketClientInit;
  readonly #outbox: Outbox<Frame>;
  readonly #inbound: TokenBucket;
  /** Monotonic milliseconds at which the client last took something while more was waiting. */
  #progress = 0;
  #ended = false;

  constructor(init: SocketClientInit) {
    this.#init = init;
    this.#outbox = new Outbox(init.maxBytes, { onDrop: ({ type }) => init.onDrop?.(type) });
    this.#inbound = new TokenBucket({
      clock: init.clock,
      perSecond: MAX_INBOUND_PER_MINUTE / 60,
      burst: MAX_INBOUND_PER_MINUTE,
    });
    init.socket.addEventListener("message", (event) => this.#receive(event.data));
  }

  /** What waits for the client. */
  get pending(): { readonly frames: number; readonly bytes: number } {
    return { frames: this.#outbox.length, bytes: this.#outbox.bytes };
  }

  /** Sends a frame that the client wants; too many waiting bytes end the client with 1013 (try again later). */
  deliver(frame: Frame): void {
    const { types } = this.#init;
    if (types === undefined || types.has(frame.type)) this.send(frame);
  }

  /** Sends whatever the client's types are. */
  send(frame: Frame): void {
    if (this.#ended) return;
    if (this.#outbox.length === 0 && this.#writable()) return this.#init.socket.send(frame.text);
    // measured only here: a client that reads as fast as it is written to never has anything waiting
    const bytes = encoder.encode(frame.text).length;
    if (this.#outbox.length === 0) this.#progress = this.#init.clock.monotonic();
    const droppable = isDroppable(frame.type);
    if (this.#outbox.push({ data: frame, bytes, droppable, key: frame.key })) this.flush();
    else this.end("too_slow");
  }

  /** Moves on what waits, as far as the socket takes it; ends a client that has taken nothing for too long. */
  flush(): void {
    if (this.#ended || this.#outbox.length === 0) return;
    const now = this.#init.clock.monotonic();
    while (this.#writable()) {
      const frame = this.#outbox.shift();
      if (frame === undefined) return;
      this.#init.socket.send(frame.text);
      this.#progress = now;
    }
    if (now - this.#progress >= WRITE_DEADLINE_MS) this.end("too_slow");
  }

  /** Ends the client; the socket may linger until its peer takes the close frame or goes away. */
  end(reason: keyof typeof CLOSE): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outbox.clear();
    const { socket } = this.#init;
    if (socket.readyState === WebSocket.OPEN) socket.close(...CLOSE[reason]);
    if (reason !== "stopping") this.#init.onEnd(reason);
  }

  #writable(): boolean {
    const { socket } = this.#init;
    return socket.readyState === WebSocket.OPEN && socket.bufferedAmount < HIGH_WATER;
  }

  /** Clients have nothing to say here; what they send is only counted. */
  #receive(data: unknown): void {
    const bytes = typeof data === "string" ? encoder.encode(data).length : sizeOf(data);
    if (bytes > MAX_INBOUND_BYTES || !this.#inbound.take()) this.end("too_chatty");
  }
}

function sizeOf(data: unknown): number {
  if (data instanceof Blob) return data.size;
  return data instanceof ArrayBuffer ? data.byteLength : Infinity;
}

/** Code and reason of each end. */
export const CLOSE: Readonly<
  Record<"gone" | "too_slow" | "too_chatty" | "banned" | "stopping", [number, string]>
> = {
  gone: [1000, ""],
  too_slow: [1013, "reading too slowly"],
  too_chatty: [1008, "too many or too long messages"],
  banned: [1008, "this address is banned"],
  stopping: [1001, "the node is stopping"],
};
