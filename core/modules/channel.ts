import { type Clock, CommonsError, errorText, isCommonsError, sleep, TokenBucket } from "../base/mod.ts";
import {
  errorMessage,
  FrameError,
  FrameReader,
  messageValue,
  valueMessage,
} from "../../workers/protocol/mod.ts";
import type { CellHandlers, CellLimits, Invocation } from "./cell_types.ts";
import { FrameWriter } from "./frame_writer.ts";
import { PendingInvocations } from "./pending_invocations.ts";

/** The open connection to a cell. */
export interface CellConnection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What the channel tells the cell's owner. Nothing that comes from the cell is trusted. */
export interface ChannelOwner {
  onStarted(): void;
  onStopped(): void;
  onFailed(message: string, stack: string): void;
  onPong(count: number, rssBytes: number, cpuMs: number): void;
  /** The cell broke the protocol. */
  onViolation(detail: string): void;
  /** The cell closed the channel, or it broke. */
  onClosed(): void;
}

interface ChannelParts {
  readonly connection: CellConnection;
  readonly clock: Clock;
  readonly limits: CellLimits;
  readonly handlers: CellHandlers;
  readonly owner: ChannelOwner;
}

/** Reading stops while this many characters wait for a cell that does not read. */
const HIGH_WATER = 1_048_576;
/** Events are dropped beyond this many waiting characters, whatever their number. */
const EVENT_HIGH_WATER = 8 * 1_048_576;
const BYTES_PER_SECOND = 64 * 1_048_576;
/** Messages of any kind for each call a second that the module may make: calls, answers, log lines, heartbeats. */
const MESSAGES_PER_REQUEST = 4;
const MAX_METHOD = 64;
const LEVELS = new Set(["debug", "info", "warn", "error"]);

/**
 * The node's end of a channel: checks every frame and message, answers calls, batches writes. A cell that sends more
 * than its share is read more slowly; one that does not read stops being read; one that breaks the protocol is reported.
 */
export class CellChannel {
  readonly #parts: ChannelParts;
  readonly #pending: PendingInvocations;
  readonly #messageBudget: TokenBucket;
  readonly #byteBudget: TokenBucket;
  readonly #closed = new AbortController();
  readonly #writer: FrameWriter;
  #inFlight = 0;
  readonly stats = { eventsDelivered: 0, eventsDropped: 0, framesIn: 0, bytesIn: 0 };

  constructor(parts: ChannelParts) {
    this.#parts = parts;
    const { clock, limits } = parts;
    this.#pending = new PendingInvocations(clock);
    this.#writer = new FrameWriter({
      write: (bytes) => parts.connection.write(bytes),
      onBroken: () => this.close(),
    });
    const perSecond = limits.requestsPerSecond * MESSAGES_PER_REQUEST;
    this.#messageBudget = new TokenBucket({ clock, perSecond, burst: Math.max(perSecond, 4_096) });
    this.#byteBudget = new TokenBucket({ clock, perSecond: BYTES_PER_SECOND, burst: BYTES_PER_SECOND });
  }

  /** Queues a message that is a JSON text. */
  send(text: string): void {
    this.#writer.send(text);
  }

  /** Queues an event; false when the cell has too many waiting. */
  sendEvent(json: string): boolean {
    const writer = this.#writer;
    if (writer.events >= this.#parts.limits.eventQueue || writer.length > EVENT_HIGH_WATER) {
      this.stats.eventsDropped++;
      return false;
    }
    this.stats.eventsDelivered++;
    writer.sendEvent(json);
    return true;
  }

  /** @throws {CommonsError} `TIMEOUT`, `MODULE_FAILED`, `MODULE_NOT_RUNNING`, `MODULE_BUSY`, `INVALID_PARAMS` */
  invoke(invocation: Invocation, options: { readonly deadlineMs: number }): Promise<unknown> {
    if (this.#closed.signal.aborted) {
      return Promise.reject(
        new CommonsError("MODULE_NOT_RUNNING", "Cannot ask the module: its cell is gone"),
      );
    }
    const { id, answer } = this.#pending.add(options.deadlineMs);
    try {
      this.send(valueMessage("n", id, invocation));
    } catch (cause) {
      this.#pending.reject(id, new CommonsError("INVALID_PARAMS", errorText(cause), { cause }));
    }
    return answer;
  }

  /** Reads until the cell goes. Never rejects: what goes wrong is told to the owner. */
  async run(): Promise<void> {
    const { connection, owner, limits } = this.#parts;
    const reader = new FrameReader(limits.maxFrameBytes);
    try {
      for (;;) {
        const count = await connection.read(reader.space);
        if (count === null) break;
        reader.advance(count);
        this.stats.bytesIn += count;
        const messages = this.#receiveFrames(reader);
        await this.#slowDown(messages, count);
      }
    } catch (error) {
      if (error instanceof FrameError || error instanceof ProtocolViolation) owner.onViolation(error.message);
      // Anything else is the socket's end: the process' exit says why.
    }
    owner.onClosed();
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#pending.rejectAll(
      new CommonsError("MODULE_NOT_RUNNING", "Cannot finish: the module's cell is gone"),
    );
    this.#writer.close();
    try {
      this.#parts.connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already by the other side's end
    }
  }

  #receiveFrames(reader: FrameReader): number {
    let count = 0;
    for (let messages = reader.next(); messages; messages = reader.next()) {
      this.stats.framesIn++;
      count += Math.max(1, messages.length);
      for (const message of messages) {
        if (!Array.isArray(message)) throw new ProtocolViolation("a message is not an array");
        this.#receive(message);
      }
    }
    return count;
  }

  async #slowDown(messages: number, bytes: number): Promise<void> {
    const { clock } = this.#parts;
    const signal = this.#closed.signal;
    const wait = Math.max(this.#messageBudget.spend(messages), this.#byteBudget.spend(bytes));
    if (wait > 0) await sleep(clock, wait, { signal });
    const writer = this.#writer;
    while (writer.length > HIGH_WATER && writer.flushing) await writer.flushing;
  }

  #receive(message: readonly unknown[]): void {
    const { owner } = this.#parts;
    switch (message[0]) {
      case "c":
        return this.#call(message);
      case "r":
      case "e":
        return this.#answer(message);
      case "l":
        return this.#log(message);
      case "p":
        return owner.onPong(finite(message[1]), finite(message[2]), finite(message[3]));
      case "s":
        return owner.onStarted();
      case "d":
        return owner.onStopped();
      case "f":
        return owner.onFailed(text(message[1]), text(message[2]));
      default:
        throw new ProtocolViolation("a message of unknown kind");
    }
  }

  #call(message: readonly unknown[]): void {
    const [, id, method] = message;
    if (typeof id !== "number" || !Number.isSafeInteger(id)) {
      throw new ProtocolViolation("a call without an id");
    }
    if (typeof method !== "string" || method.length > MAX_METHOD) {
      throw new ProtocolViolation("a call without a method");
    }
    try {
      const params = messageValue(message, 3);
      if (!Array.isArray(params)) throw new TypeError("Cannot call: the parameters are not a list");
      const result = this.#parts.handlers.onCall(method, params);
      if (result instanceof Promise) this.#answerLater(id, result);
      else this.send(valueMessage("r", id, result));
    } catch (error) {
      this.#answerError(id, error);
    }
  }

  #answerLater(id: number, result: Promise<unknown>): void {
    if (this.#inFlight >= this.#parts.limits.maxInFlight) {
      result.catch(() => {}); // its caller is told below; the result has nobody to go to
      return this.#answerError(
        id,
        new CommonsError("RATE_LIMITED", "Cannot call: too many calls are under way"),
      );
    }
    this.#inFlight++;
    result.then(
      (value) => {
        this.#inFlight--;
        this.send(valueMessage("r", id, value));
      },
    ).catch((error) => {
      this.#inFlight--;
      this.#answerError(id, error);
    });
  }

  #answerError(id: number, error: unknown): void {
    if (isCommonsError(error)) return this.send(errorMessage(id, error.code, error.message));
    if (error instanceof TypeError) return this.send(errorMessage(id, "INVALID_PARAMS", error.message));
    // What else was thrown is the node's own fault, and its text is not for the module.
    this.send(errorMessage(id, "INTERNAL", "Cannot answer: the node failed"));
    this.#parts.handlers.onLog("error", "a call failed inside the node", { error: errorText(error) });
  }

  #answer(message: readonly unknown[]): void {
    const id = finite(message[1]);
    if (message[0] === "r") {
      try {
        return this.#pending.resolve(id, messageValue(message, 2));
      } catch (cause) {
        return this.#pending.reject(id, new CommonsError("MODULE_FAILED", errorText(cause), { cause }));
      }
    }
    const code = text(message[2]);
    this.#pending.reject(
      id,
      new CommonsError("MODULE_FAILED", text(message[3]) || "The module failed", {
        detail: { moduleCode: code },
      }),
    );
  }

  #log(message: readonly unknown[]): void {
    const [, level, line, fields] = message;
    if (typeof level !== "string" || !LEVELS.has(level) || typeof line !== "string") {
      throw new ProtocolViolation("a log line of wrong shape");
    }
    const plain = typeof fields === "object" && fields !== null && !Array.isArray(fields)
      ? fields
      : undefined;
    this.#parts.handlers.onLog(
      level as "debug" | "info" | "warn" | "error", // checked above
      line,
      plain === undefined ? undefined : Object.fromEntries(Object.entries(plain)),
    );
  }
}

class ProtocolViolation extends Error {}

function finite(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ProtocolViolation("a number is missing");
  }
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new ProtocolViolation("a text is missing");
  return value;
}
