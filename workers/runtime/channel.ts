import {
  callMessage,
  encodeFrame,
  errorMessage,
  FrameReader,
  messageValue,
  valueMessage,
} from "../protocol/mod.ts";
import { NodeApiError } from "../sdk/errors.ts";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The open connection to the node. */
export interface Connection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What comes from the node besides answers. */
export interface ChannelHandlers {
  onInit(init: unknown): void;
  onEvent(event: unknown): void;
  onInvoke(id: number, invocation: unknown): void;
  onPing(count: number): void;
  onStop(): void;
}

/** Largest frame that the node may send: the module's own text is in the first one. */
const MAX_INCOMING_FRAME_BYTES = 16 * 1_048_576;

/**
 * The cell's end of the channel. Messages of one turn of the event loop share a frame; while a write is under way, what
 * comes meanwhile shares the next one.
 */
export class Channel {
  readonly #connection: Connection;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #queue: string[] = [];
  #queuedLength = 0;
  #flushing: Promise<void> | undefined;
  #maxFrameBytes = 1_048_576;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  set maxFrameBytes(bytes: number) {
    this.#maxFrameBytes = bytes;
  }

  /** Calls the node API. @throws {NodeApiError} as the node refuses it */
  call(method: string, params: readonly unknown[]): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      let text: string;
      try {
        text = callMessage(id, method, params);
        this.#checkSize(text);
      } catch (error) {
        return reject(
          new NodeApiError("INVALID_PARAMS", error instanceof Error ? error.message : "not sendable"),
        );
      }
      this.#pending.set(id, { resolve, reject });
      this.send(text);
    });
  }

  answer(id: number, value: unknown): void {
    try {
      const text = valueMessage("r", id, value);
      this.#checkSize(text);
      this.send(text);
    } catch (error) {
      this.answerError(id, "RESULT_TOO_LARGE", error instanceof Error ? error.message : "not sendable");
    }
  }

  answerError(id: number, code: string, message: string): void {
    this.send(errorMessage(id, code.slice(0, 64), message.slice(0, 8_192)));
  }

  /** Queues a message that is a JSON text already. */
  send(text: string): void {
    this.#queue.push(text);
    this.#queuedLength += text.length;
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Resolves when everything queued so far is with the kernel. */
  async drained(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  /** Reads until the node closes the channel. */
  async run(handlers: ChannelHandlers): Promise<void> {
    const reader = new FrameReader(MAX_INCOMING_FRAME_BYTES);
    for (;;) {
      const count = await this.#connection.read(reader.space);
      if (count === null) return;
      reader.advance(count);
      for (let messages = reader.next(); messages; messages = reader.next()) {
        for (const message of messages) this.#receive(message as unknown[], handlers);
      }
    }
  }

  /** The node is trusted: its messages are not checked again. */
  #receive(message: unknown[], handlers: ChannelHandlers): void {
    switch (message[0]) {
      case "r":
        return this.#take(message[1])?.resolve(messageValue(message, 2));
      case "e":
        return this.#take(message[1])?.reject(new NodeApiError(String(message[2]), String(message[3])));
      case "v":
        return handlers.onEvent(message[1]);
      case "n":
        return handlers.onInvoke(message[1] as number, messageValue(message, 2));
      case "p":
        return handlers.onPing(message[1] as number);
      case "i":
        return handlers.onInit(message[1]);
      case "x":
        return handlers.onStop();
    }
  }

  #take(id: unknown): Pending | undefined {
    const pending = this.#pending.get(id as number);
    this.#pending.delete(id as number);
    return pending;
  }

  #checkSize(text: string): void {
    // UTF-8 takes up to three bytes a unit; texts that can't pass the cap are not measured.
    if (text.length * 3 < this.#maxFrameBytes) return;
    const bytes = new TextEncoder().encode(text).length + 2;
    if (bytes > this.#maxFrameBytes) {
      throw new RangeError(
        `Cannot send a message: ${bytes} bytes are over the cap of ${this.#maxFrameBytes}`,
      );
    }
  }

  async #flush(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#write(encodeFrame(this.#takeBatch()));
    } finally {
      this.#flushing = undefined;
    }
  }

  /** All that waits, or as much as surely fits into one frame. */
  #takeBatch(): string[] {
    const limit = Math.floor(this.#maxFrameBytes / 3) - 16;
    if (this.#queuedLength + this.#queue.length <= limit) {
      const batch = this.#queue;
      this.#queue = [];
      this.#queuedLength = 0;
      return batch;
    }
    let count = 0;
    let length = 0;
    for (const text of this.#queue) {
      if (count > 0 && length + text.length + 1 > limit) break;
      length += text.length + 1;
      count++;
    }
    const batch = this.#queue.splice(0, count);
    this.#queuedLength -= length - count;
    return batch;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.length) offset += await this.#connection.write(bytes.subarray(offset));
  }
}
