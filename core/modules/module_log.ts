import { type Clock, TokenBucket } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { cleanText } from "./clean_text.ts";
import type { ModuleLogLine } from "./types.ts";

const MAX_LINES = 1_000;
const MAX_BYTES = 256 * 1024;
const MAX_MESSAGE = 8 * 1024;
const MAX_FIELDS = 8 * 1024;
const LINES_PER_SECOND = 100;
const BURST = 500;
const HIDDEN = "[redacted]";
/** Rough cost of a line beside its text. */
const LINE_OVERHEAD = 64;
const LEVELS: readonly string[] = ["debug", "info", "warn", "error"] satisfies ModuleLogLine["level"][];

type Level = ModuleLogLine["level"];
type Fields = Readonly<Record<string, unknown>>;

/** Options of {@linkcode ModuleLog}. */
export interface ModuleLogOptions {
  readonly clock: Clock;
  /** Already scoped to the module. */
  readonly logger: Logger;
}

/**
 * What one module logged: the last 1,000 lines and at most 256 KiB, at most 100 lines a second in the long run, cleaned
 * of control characters, passed on to the node's log. Lines over the rate are counted and reported in one line.
 */
export class ModuleLog {
  readonly #options: ModuleLogOptions;
  readonly #bucket: TokenBucket;
  #lines: { readonly line: ModuleLogLine; readonly bytes: number }[] = [];
  #bytes = 0;
  #suppressed = 0;
  #secrets: readonly string[] = [];

  constructor(options: ModuleLogOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket({ clock: options.clock, perSecond: LINES_PER_SECOND, burst: BURST });
  }

  /** Lines refused for their rate since the last one that got through. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** From here on these texts are replaced wherever they occur in a line; the longest come first. */
  hide(secrets: readonly string[]): void {
    this.#secrets = secrets;
  }

  /** A text with what is to be hidden replaced. */
  redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
  }

  /** A line from the module: nothing about it is trusted. */
  write(level: unknown, message: unknown, fields?: unknown): void {
    if (!this.#bucket.take()) {
      this.#suppressed++;
      return;
    }
    if (this.#suppressed > 0) {
      const lines = this.#suppressed;
      this.#suppressed = 0;
      this.note("warn", "log lines were dropped: too many a second", { lines });
    }
    this.#add(levelOf(level), cleanText(String(message), MAX_MESSAGE), cleanFields(fields));
  }

  /** A line of the node about the module; not counted against its rate. */
  note(level: Level, message: string, fields?: Fields): void {
    this.#add(level, cleanText(message, MAX_MESSAGE), fields);
  }

  /** Newest last; at most `limit`. */
  lines(limit = MAX_LINES): readonly ModuleLogLine[] {
    return this.#lines.slice(Math.max(0, this.#lines.length - Math.max(0, limit))).map(({ line }) => line);
  }

  #add(level: Level, text: string, given: Fields | undefined): void {
    const { clock, logger } = this.#options;
    const message = this.redact(text);
    const fields = given && this.#redactFields(given);
    const time = new Date(clock.now()).toISOString();
    const line = fields === undefined ? { time, level, message } : { time, level, message, fields };
    const bytes = LINE_OVERHEAD + message.length * 2 + (fields ? sizeOf(fields) : 0);
    this.#lines.push({ line, bytes });
    this.#bytes += bytes;
    while (this.#lines.length > MAX_LINES || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#lines.shift()?.bytes ?? 0;
    }
    // The module's own names stay apart from the logger's.
    logger[level](message, fields === undefined ? undefined : { fields });
  }

  #redactFields(fields: Fields): Fields {
    if (this.#secrets.length === 0) return fields;
    return JSON.parse(
      JSON.stringify(fields),
      (_key, value) => typeof value === "string" ? this.redact(value) : value,
    );
  }
}

function levelOf(level: unknown): Level {
  return typeof level === "string" && LEVELS.includes(level) ? level as Level : "info";
}

function sizeOf(fields: Fields): number {
  return (JSON.stringify(fields)?.length ?? 0) * 2;
}

/** A plain JSON copy of fields from a module, cleaned; what is too large or not JSON becomes a word about it. */
function cleanFields(fields: unknown): Fields | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(fields, jsonSafe);
  } catch {
    return { note: "fields that JSON cannot hold" }; // a cycle
  }
  if (text === undefined || text === "{}") return undefined;
  if (text.length > MAX_FIELDS) return { note: `fields of ${text.length} characters left out` };
  const parsed: unknown = JSON.parse(
    text,
    (_key, value) => typeof value === "string" ? cleanText(value, MAX_FIELDS) : value,
  );
  return Array.isArray(parsed) ? { values: parsed } : parsed as Fields;
}

/** JSON replacer for what cells may send beyond JSON. */
function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? value.toHex() : value;
}
