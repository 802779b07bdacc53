import { CommonsError, concatBytes, doubleSha256 } from "../base/mod.ts";
import { payloadLimit } from "./wire_limits.ts";

/** Bytes in front of every payload: magic, command, length, checksum. */
export const FRAME_HEADER_BYTES = 24;
const COMMAND_AT = 4;
const COMMAND_BYTES = 12;
const LENGTH_AT = 16;
const CHECKSUM_AT = 20;
/** Room for a payload's first bytes; more is taken as they come, whatever length was claimed. */
const FIRST_ROOM = 16_384;

/** One message as it lies on the wire. */
export interface WireFrame {
  readonly command: string;
  /** The reader's own memory: valid for as long as one likes, shared with nobody. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface FrameReaderInit {
  readonly magic: Uint8Array;
  /** Most payload bytes of a command; default {@linkcode payloadLimit}. */
  readonly limit?: ((command: string) => number) | undefined;
}

/** The whole message: header and payload. `command` is one of the protocol's names. */
export function encodeFrame(
  magic: Uint8Array,
  { command, payload }: { readonly command: string; readonly payload: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  header.set(magic);
  for (let i = 0; i < command.length && i < COMMAND_BYTES; i++) {
    header[COMMAND_AT + i] = command.charCodeAt(i);
  }
  new DataView(header.buffer).setUint32(LENGTH_AT, payload.length, true);
  header.set(doubleSha256(payload).subarray(0, 4), CHECKSUM_AT);
  return concatBytes([header, payload]);
}

/**
 * Cuts a stream of bytes into messages. A message's length is checked against its command before anything of its payload
 * is kept, and memory grows with what came, not with what was claimed.
 */
export class FrameReader {
  readonly #magic: Uint8Array;
  readonly #limit: (command: string) => number;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  #command = "";
  #payload = new Uint8Array(0);
  #payloadLength = 0;
  #expected = 0;

  constructor({ magic, limit = payloadLimit }: FrameReaderInit) {
    this.#magic = magic;
    this.#limit = limit;
  }

  /** True when a message has begun and not ended. */
  get partial(): boolean {
    return this.#headerLength > 0;
  }

  /**
   * Hands every message that is complete with these bytes to `take`, in order. What it throws ends the reading.
   * @throws {CommonsError} `WRONG_MAGIC`, `BAD_COMMAND`, `OVERSIZE`, `BAD_CHECKSUM`; the stream cannot be read any further
   */
  push(chunk: Uint8Array, take: (frame: WireFrame) => void): void {
    let at = 0;
    while (at < chunk.length) {
      at += this.#headerLength < FRAME_HEADER_BYTES
        ? this.#fillHeader(chunk.subarray(at))
        : this.#fillPayload(chunk.subarray(at));
      if (this.#headerLength === FRAME_HEADER_BYTES && this.#payloadLength === this.#expected) {
        take(this.#finish());
      }
    }
  }

  #fillHeader(bytes: Uint8Array): number {
    const taken = Math.min(FRAME_HEADER_BYTES - this.#headerLength, bytes.length);
    this.#header.set(bytes.subarray(0, taken), this.#headerLength);
    const before = this.#headerLength;
    this.#headerLength += taken;
    if (before < COMMAND_AT) this.#checkMagic(); // also of less than a header: a stranger is known by its first bytes
    if (this.#headerLength === FRAME_HEADER_BYTES) this.#begin();
    return taken;
  }

  #checkMagic(): void {
    for (let i = 0; i < Math.min(COMMAND_AT, this.#headerLength); i++) {
      if (this.#header[i] === this.#magic[i]) continue;
      throw new CommonsError("WRONG_MAGIC", "Cannot read a message: it is of another network, or of none");
    }
  }

  #begin(): void {
    this.#command = commandOf(this.#header.subarray(COMMAND_AT, COMMAND_AT + COMMAND_BYTES));
    this.#expected = new DataView(this.#header.buffer).getUint32(LENGTH_AT, true);
    const limit = this.#limit(this.#command);
    if (this.#expected > limit) {
      throw new CommonsError(
        "OVERSIZE",
        `Cannot read ${this.#command}: ${this.#expected} bytes are announced, at most ${limit} are allowed`,
      );
    }
    this.#payload = new Uint8Array(Math.min(this.#expected, FIRST_ROOM));
    this.#payloadLength = 0;
  }

  #fillPayload(bytes: Uint8Array): number {
    const taken = Math.min(this.#expected - this.#payloadLength, bytes.length);
    const end = this.#payloadLength + taken;
    if (end > this.#payload.length) {
      const larger = new Uint8Array(Math.min(this.#expected, Math.max(end, 2 * this.#payload.length)));
      larger.set(this.#payload.subarray(0, this.#payloadLength));
      this.#payload = larger;
    }
    this.#payload.set(bytes.subarray(0, taken), this.#payloadLength);
    this.#payloadLength = end;
    return taken;
  }

  #finish(): WireFrame {
    const payload = this.#payload;
    const checksum = doubleSha256(payload);
    for (let i = 0; i < 4; i++) {
      if (checksum[i] === this.#header[CHECKSUM_AT + i]) continue;
      throw new CommonsError("BAD_CHECKSUM", `Cannot read ${this.#command}: its checksum does not fit`);
    }
    this.#headerLength = 0;
    this.#payload = new Uint8Array(0);
    this.#payloadLength = 0;
    this.#expected = 0;
    return { command: this.#command, payload };
  }
}

/** A command is printable ASCII, then zeros. @throws {CommonsError} `BAD_COMMAND` */
function commandOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const name = end === -1 ? bytes : bytes.subarray(0, end);
  const clean = name.length > 0 && name.every((byte) => byte > 0x20 && byte < 0x7f) &&
    bytes.subarray(name.length).every((byte) => byte === 0);
  if (!clean) throw new CommonsError("BAD_COMMAND", "Cannot read a message: its command is not a name");
  return String.fromCharCode(...name);
}
