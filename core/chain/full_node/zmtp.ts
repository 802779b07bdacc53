import { concatBytes } from "../../base/mod.ts";
import { sourceFault } from "./rpc_errors.ts";

/** ZMTP 3.0 (ZeroMQ RFC 23), as much of it as a subscriber without authentication needs. */

const GREETING_BYTES = 64;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const MECHANISM = "NULL";
const FLAG = { more: 1, long: 2, command: 4 } as const;
/** What is subscribed has parts of at most 32 bytes; a peer's READY names its socket type and perhaps an identity. */
const MAX_FRAME_BYTES = 1_024;
const MAX_PARTS = 8;

const encoder = new TextEncoder();

/** One frame of at most 255 bytes. */
function frame(flags: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes([new Uint8Array([flags, body.length]), body]);
}

function greeting(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3; // major version; the minor one is 0
  bytes.set(encoder.encode(MECHANISM), MECHANISM_AT);
  return bytes;
}

/** Everything that a subscriber says, and says at once: greeting, READY, and one message for each topic. */
export function subscriberHello(topics: readonly string[]): Uint8Array<ArrayBuffer> {
  const name = encoder.encode("\x05READY\x0bSocket-Type");
  const ready = concatBytes([name, new Uint8Array([0, 0, 0, 3]), encoder.encode("SUB")]);
  const subscriptions = topics.map((topic) => frame(0, encoder.encode(`\x01${topic}`)));
  return concatBytes([greeting(), frame(FLAG.command, ready), ...subscriptions]);
}

/** Cuts what a publisher sends into messages; memory is bounded by the longest frame and the most parts. */
export class PublisherReader {
  readonly #take: (parts: readonly Uint8Array[]) => void;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #greeted = false;
  #ready = false;
  #parts: Uint8Array[] = [];

  constructor(take: (parts: readonly Uint8Array[]) => void) {
    this.#take = take;
  }

  /** True when the publisher said what it is. */
  get ready(): boolean {
    return this.#ready;
  }

  /** @throws {CommonsError} `SOURCE_FAULT`: this is no publisher, and what comes cannot be read any further */
  push(chunk: Uint8Array): void {
    this.#rest = concatBytes([this.#rest, chunk]);
    while (this.#greeted ? this.#readFrame() : this.#readGreeting());
  }

  #readGreeting(): boolean {
    const bytes = this.#rest;
    if (bytes.length > 0 && bytes[0] !== 0xff) throw sourceFault("it does not speak ZMTP");
    if (bytes.length < GREETING_BYTES) return false;
    if (bytes[9] !== 0x7f || (bytes[10] ?? 0) < 3) throw sourceFault("it does not speak ZMTP 3");
    const name = new TextDecoder("latin1").decode(
      bytes.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES),
    );
    if (name !== MECHANISM.padEnd(MECHANISM_BYTES, "\0")) throw sourceFault("it asks for authentication");
    this.#greeted = true;
    this.#rest = bytes.slice(GREETING_BYTES);
    return true;
  }

  #readFrame(): boolean {
    const bytes = this.#rest;
    const flags = bytes[0] ?? 0;
    if ((flags & ~(FLAG.more | FLAG.long | FLAG.command)) !== 0) {
      throw sourceFault("a frame has unknown flags");
    }
    const headBytes = (flags & FLAG.long) === 0 ? 2 : 9;
    if (bytes.length < headBytes) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const length = headBytes === 2 ? BigInt(view.getUint8(1)) : view.getBigUint64(1);
    if (length > MAX_FRAME_BYTES) throw sourceFault(`a frame of over ${MAX_FRAME_BYTES} bytes`);
    const end = headBytes + Number(length);
    if (bytes.length < end) return false;
    const body = bytes.slice(headBytes, end);
    this.#rest = bytes.slice(end);
    if ((flags & FLAG.command) === 0) this.#takePart(body, (flags & FLAG.more) !== 0);
    else this.#takeCommand(body);
    return true;
  }

  /** Commands but READY (such as later versions' PING) ask for nothing that version 3.0 has. */
  #takeCommand(body: Uint8Array): void {
    const name = new TextDecoder("latin1").decode(body.subarray(1, 1 + (body[0] ?? 0)));
    if (name === "ERROR") throw sourceFault("it refuses the subscription");
    if (name === "READY") this.#ready = true;
  }

  #takePart(part: Uint8Array, more: boolean): void {
    if (!this.#ready) throw sourceFault("a message before READY");
    if (this.#parts.push(part) > MAX_PARTS) throw sourceFault(`a message of over ${MAX_PARTS} parts`);
    if (more) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#take(parts);
  }
}
