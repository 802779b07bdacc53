import type { LogLevel } from "./logger.ts";

/** How log lines look. */
export type LogFormat = "pretty" | "json";

/** One line before it is text. Fields are plain JSON values already. */
export interface LogRecord {
  readonly time: number;
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly fields: readonly (readonly [string, unknown])[];
}

/** DEL, C1, line and paragraph separators, and what changes the direction of text: JSON leaves them as they are. */
const HIDDEN = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
// deno-lint-ignore no-control-regex -- finding control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** Texts that stand for themselves in a pretty line. */
const BARE = /^[\w./:@+,-]+$/;

function escaped(character: string): string {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

/** JSON text without any raw control, separator or direction character. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(HIDDEN, escaped);
}

/** Text with control, separator and direction characters written as `\uXXXX`: one line, whatever is in it. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, escaped);
}

function prettyValue(value: unknown): string {
  return typeof value === "string" && BARE.test(value) ? value : safeJson(value);
}

function pretty(record: LogRecord): string {
  const { time, level, scope, message, fields } = record;
  let line = `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} `;
  if (scope !== "") line += `[${escapeControl(scope)}] `;
  line += escapeControl(message);
  for (const [key, value] of fields) line += ` ${escapeControl(key)}=${prettyValue(value)}`;
  return line;
}

/** Names that fields may not take over in a JSON line. */
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "scope", "message"]);

function json(record: LogRecord): string {
  const { time, level, scope, message, fields } = record;
  const own = { time: new Date(time).toISOString(), level, ...(scope === "" ? {} : { scope }), message };
  const rest = fields.map(([key, value]) => [RESERVED.has(key) ? `field_${key}` : key, value] as const);
  return safeJson({ ...own, ...Object.fromEntries(rest) });
}

/** The record as one line of text, without the line's end. */
export function formatLine(format: LogFormat, record: LogRecord): string {
  return format === "json" ? json(record) : pretty(record);
}
