import { Outbox } from "./outbox.ts";

const MAX_CHUNK = 64 * 1024;

/**
 * One server-sent event stream. `push` never waits: what the client has not taken yet is queued, at most `maxBytes`.
 * The body makes nothing by itself; a client that does not read costs its queue and nothing more.
 */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #outbox: Outbox<Uint8Array>;
  readonly #onEnd: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wake: (() => void) | undefined;
  #state: "open" | "finishing" | "ended" = "open";

  constructor(options: { readonly maxBytes: number; readonly onEnd: () => void }) {
    this.#outbox = new Outbox(options.maxBytes);
    this.#onEnd = options.onEnd;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  get pendingBytes(): number {
    return this.#outbox.bytes;
  }

  /** Queues bytes; false, and nothing queued, when there is no room. */
  push(data: Uint8Array): boolean {
    if (this.#state !== "open") return true; // it has been ended; nobody misses this
    if (!this.#outbox.push({ data, bytes: data.length, droppable: false })) return false;
    if (this.#wake !== undefined) this.#flush();
    return true;
  }

  /** Sends what is queued, then ends. */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    if (this.#wake !== undefined) this.#flush();
  }

  /** Ends now and forgets what is queued. */
  end(): void {
    if (this.#state === "ended") return;
    this.#outbox.clear();
    this.#controller?.close();
    this.#end();
  }

  #pull(): Promise<void> | void {
    if (this.#outbox.length > 0 || this.#state === "finishing") return this.#flush();
    return new Promise((resolve) => this.#wake = resolve);
  }

  #flush(): void {
    const chunk = this.#nextChunk();
    if (chunk.length > 0) this.#controller?.enqueue(chunk);
    else if (this.#state === "finishing") {
      this.#controller?.close();
      this.#end();
    }
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Everything that waits, joined, up to 64 KiB: a burst costs one write. */
  #nextChunk(): Uint8Array {
    const first = this.#outbox.shift() ?? new Uint8Array(0);
    if (this.#outbox.length === 0) return first;
    const parts = [first];
    let length = first.length;
    while (this.#outbox.length > 0 && length < MAX_CHUNK) {
      const part = this.#outbox.shift() ?? new Uint8Array(0);
      parts.push(part);
      length += part.length;
    }
    const joined = new Uint8Array(length);
    let offset = 0;
    for (const part of parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    return joined;
  }

  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#outbox.clear();
    this.#wake?.();
    this.#wake = undefined;
    this.#onEnd();
  }
}
