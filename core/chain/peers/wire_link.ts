import { type Clock, concatBytes, errorText, isCommonsError, TokenBucket } from "../../base/mod.ts";
import {
  decodeMessage,
  EMPTY_PAYLOAD,
  encodeFrame,
  FrameReader,
  payloadLimit,
  type WireFrame,
  type WireMessage,
} from "../../bitcoin/mod.ts";
import type { DropReason } from "./drop_reason.ts";
import type { Duplex } from "./duplex.ts";
import type { Traffic } from "./traffic.ts";

const READ_BYTES = 131_072;
const WRITE_MS = 30_000;
const MAX_QUEUED_BYTES = 2 * 1024 * 1024;
/** What a peer may send that nobody asked it for: a token for a message and one for each KiB of it. */
const FREE_TOKENS = { perSecond: 100, burst: 2_000 };
/** Messages that are counted where it is known whether they were asked for. */
const METERED_ELSEWHERE: ReadonlySet<string> = new Set(["headers", "block"]);

export interface WireLinkComponents {
  readonly duplex: Duplex;
  readonly clock: Clock;
  readonly traffic: Traffic;
}

export interface WireLinkInit {
  readonly magic: Uint8Array;
  /** Whether a block may come now: what nobody waits for is refused by its first 24 bytes. */
  readonly expectsBlock: () => boolean;
  /** Commands that are not even looked into. */
  readonly skip: ReadonlySet<string>;
  /** Takes each message; called for all that came together before anything else runs. */
  readonly message: (message: WireMessage) => void;
  /** Called once, when the link ends. */
  readonly closed: (reason: DropReason, detail: string | undefined) => void;
}

/** Messages over a connection: cut, checked and metered on their way in, collected and bounded on their way out. */
export class WireLink {
  readonly #components: WireLinkComponents;
  readonly #init: WireLinkInit;
  readonly #reader: FrameReader;
  readonly #free: TokenBucket;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #reading: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;
  bytesIn = 0;
  bytesOut = 0;

  constructor(components: WireLinkComponents, init: WireLinkInit) {
    this.#components = components;
    this.#init = init;
    this.#free = new TokenBucket({ clock: components.clock, ...FREE_TOKENS });
    this.#reader = new FrameReader({
      magic: init.magic,
      limit: (command) => command === "block" && !init.expectsBlock() ? 0 : payloadLimit(command),
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Begins to read. */
  start(): void {
    this.#reading ??= this.#read();
  }

  /** Sends a message as soon as it can; the connection ends when too much waits. */
  send(command: string, payload: Uint8Array = EMPTY_PAYLOAD): void {
    if (this.#closed) return;
    const frame = encodeFrame(this.#init.magic, { command, payload });
    this.#queuedBytes += frame.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) return this.close("send_queue");
    this.#components.traffic.message("out", command);
    this.#queue.push(frame);
    this.#writing ??= this.#write();
  }

  close(reason: DropReason, detail?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#components.duplex.close();
    this.#init.closed(reason, detail);
  }

  /** Resolves when nothing of the link runs any more. Call it after {@linkcode WireLink.close}. */
  async ended(): Promise<void> {
    await this.#reading;
    await this.#writing;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const { duplex, traffic } = this.#components;
    while (!this.#closed) {
      let count: number | null;
      try {
        count = await duplex.read(buffer);
      } catch (error) {
        return this.close("closed", errorText(error)); // also the way that our own close ends it
      }
      if (count === null) return this.close("closed");
      this.bytesIn += count;
      traffic.bytes("in", count);
      this.#take(buffer.subarray(0, count));
    }
  }

  #take(chunk: Uint8Array): void {
    try {
      this.#reader.push(chunk, (frame) => this.#receive(frame));
    } catch (error) {
      const reason = isCommonsError(error) ? "protocol" : "internal";
      this.close(reason, isCommonsError(error) ? `${error.code}: ${error.message}` : errorText(error));
    }
  }

  #receive(frame: WireFrame): void {
    if (this.#closed) return;
    const { command, payload } = frame;
    this.#components.traffic.message("in", command);
    if (!METERED_ELSEWHERE.has(command) && !this.#free.take(1 + (payload.length >>> 10))) {
      return this.close("flood", command);
    }
    if (!this.#init.skip.has(command)) this.#init.message(decodeMessage(frame));
  }

  async #write(): Promise<void> {
    const { clock, duplex, traffic } = this.#components;
    while (this.#queue.length > 0) {
      const bytes = this.#queue.length === 1 ? this.#queue[0] ?? EMPTY_PAYLOAD : concatBytes(this.#queue);
      this.#queue = [];
      using _deadline = clock.after(WRITE_MS, () => this.close("write_timeout"));
      try {
        for (let sent = 0; sent < bytes.length && !this.#closed;) {
          sent += await duplex.write(bytes.subarray(sent));
        }
      } catch (error) {
        this.close("closed", errorText(error));
      }
      this.#queuedBytes -= bytes.length;
      this.bytesOut += bytes.length;
      traffic.bytes("out", bytes.length);
    }
    this.#writing = undefined;
  }
}
