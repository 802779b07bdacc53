import { afterTurn } from "../base/mod.ts";
import { encodeFrame } from "../../workers/protocol/mod.ts";

export interface FrameWriterParts {
  write(bytes: Uint8Array): Promise<number>;
  /** The other end has gone; called once, nothing is written any more. */
  onBroken(): void;
}

/** Characters that go into one frame. */
const BATCH = 262_144;
/** Events that are sent without waiting for more of the same turn. */
const EVENTS_A_FRAME = 256;
const EVENT_START = '["v",';

/**
 * Writes messages in order, as many to a frame as there are: while a write is under way, what comes meanwhile shares the
 * next one. Somebody waits for most messages, so they go at once; events wait for others of the same turn.
 */
export class FrameWriter {
  readonly #parts: FrameWriterParts;
  #queue: string[] = [];
  #length = 0;
  #events = 0;
  #flushing: Promise<void> | undefined;
  #planned = false;
  #closed = false;

  constructor(parts: FrameWriterParts) {
    this.#parts = parts;
  }

  /** Characters that wait. */
  get length(): number {
    return this.#length;
  }

  /** Events that wait. */
  get events(): number {
    return this.#events;
  }

  /** The writing under way, `undefined` when there is none. */
  get flushing(): Promise<void> | undefined {
    return this.#flushing;
  }

  /** Queues a message that is a JSON text. */
  send(text: string): void {
    if (this.#closed) return;
    this.#add(text);
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Queues an event that is a JSON text. */
  sendEvent(json: string): void {
    if (this.#closed) return;
    if (++this.#events % EVENTS_A_FRAME === 0) return this.send(`${EVENT_START}${json}]`);
    this.#add(`${EVENT_START}${json}]`);
    if (this.#planned) return;
    this.#planned = true;
    afterTurn(() => {
      this.#planned = false;
      if (this.#queue.length > 0) this.#flushing ??= this.#flush();
    });
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#length = 0;
    this.#events = 0;
  }

  #add(text: string): void {
    this.#queue.push(text);
    this.#length += text.length;
  }

  async #flush(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#write(encodeFrame(this.#takeBatch()));
    } catch {
      this.close(); // the cell has gone or closed its end; its exit tells why
      this.#parts.onBroken();
    } finally {
      this.#flushing = undefined;
    }
  }

  #takeBatch(): string[] {
    if (this.#length <= BATCH) {
      const batch = this.#queue;
      this.#queue = [];
      this.#length = 0;
      this.#events = 0;
      return batch;
    }
    let count = 0;
    let length = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && length + waiting.length > BATCH) break;
      length += waiting.length;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    this.#length -= length;
    for (const sent of batch) if (sent.startsWith(EVENT_START)) this.#events--;
    return batch;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) offset += await this.#parts.write(bytes.subarray(offset));
  }
}
