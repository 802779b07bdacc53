/**
 * Framing of the channel between node and cell: a 4-byte big-endian length, then that many bytes of UTF-8 JSON, which
 * is an array of messages. Many messages share a frame, so that one write and one parse serve them all.
 */

/** Length of the header that says how long a frame's body is. */
export const FRAME_HEADER_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A frame of messages that are JSON texts already. */
export function encodeFrame(messages: readonly string[]): Uint8Array<ArrayBuffer> {
  const text = messages.length === 1 ? `[${messages[0]}]` : `[${messages.join(",")}]`;
  // Three bytes are the most that UTF-8 needs for one UTF-16 unit; small frames are encoded in place.
  if (text.length <= 16_384) {
    const buffer = new Uint8Array(FRAME_HEADER_BYTES + text.length * 3);
    const { written } = encoder.encodeInto(text, buffer.subarray(FRAME_HEADER_BYTES));
    return withLength(buffer.subarray(0, FRAME_HEADER_BYTES + written), written);
  }
  const body = encoder.encode(text);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return withLength(frame, body.length);
}

function withLength(frame: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  new DataView(frame.buffer, frame.byteOffset, FRAME_HEADER_BYTES).setUint32(0, length);
  return frame;
}

/** A frame that breaks the rules; the channel that sent it has to be closed. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Cuts a stream of bytes into frames and parses each, after its length was checked against a cap. */
export class FrameReader {
  readonly #maxBytes: number;
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(65_536);
  #start = 0;
  #end = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Room to read the next bytes into; tell how many came with {@linkcode advance}. */
  get space(): Uint8Array<ArrayBuffer> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#buffer.length - this.#end < 16_384) this.#makeRoom();
    return this.#buffer.subarray(this.#end);
  }

  advance(count: number): void {
    this.#end += count;
  }

  /**
   * The next whole frame's messages, or `undefined` until more bytes come.
   * @throws {FrameError} over the cap, not UTF-8, not JSON, or not an array
   */
  next(): unknown[] | undefined {
    if (this.#end - this.#start < FRAME_HEADER_BYTES) return undefined;
    const length = new DataView(this.#buffer.buffer, this.#start, FRAME_HEADER_BYTES).getUint32(0);
    if (length > this.#maxBytes) {
      throw new FrameError(`Cannot take a frame: ${length} bytes are over the cap of ${this.#maxBytes}`);
    }
    const body = this.#start + FRAME_HEADER_BYTES;
    if (this.#end - body < length) return undefined;
    this.#start = body + length;
    return parseBody(this.#buffer.subarray(body, body + length));
  }

  #makeRoom(): void {
    const waiting = this.#end - this.#start;
    const needed = waiting < FRAME_HEADER_BYTES
      ? 0
      : new DataView(this.#buffer.buffer, this.#start, FRAME_HEADER_BYTES).getUint32(0) + FRAME_HEADER_BYTES;
    // `next` has refused what is over the cap, so `needed` is bounded by it.
    const size = Math.max(65_536, Math.min(needed, this.#maxBytes + FRAME_HEADER_BYTES), waiting) + 16_384;
    const target = size > this.#buffer.length || this.#buffer.length > 4 * size
      ? new Uint8Array(size)
      : this.#buffer;
    if (target === this.#buffer) target.copyWithin(0, this.#start, this.#end);
    else target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#start = 0;
    this.#end = waiting;
  }
}

function parseBody(body: Uint8Array): unknown[] {
  let messages: unknown;
  try {
    messages = JSON.parse(decoder.decode(body));
  } catch {
    throw new FrameError("Cannot take a frame: not UTF-8 JSON"); // the cause would quote what the cell sent
  }
  if (!Array.isArray(messages)) throw new FrameError("Cannot take a frame: not an array of messages");
  return messages;
}
