import { isSecretName } from "../base/mod.ts";

/** Bounds of one log line's fields. */
export const LOG_LIMITS = { depth: 6, entries: 50, text: 2000, values: 500, characters: 16_384 } as const;

/** Shown in place of a secret. */
export const REDACTED = "[redacted]";

/** What {@linkcode sanitize} needs. */
export interface SanitizeOptions {
  /** Replaces known secret values inside a text. */
  readonly scrub: (text: string) => string;
  /** Whether errors are shown with their stack. */
  readonly stacks: boolean;
}

interface Walk extends SanitizeOptions {
  /** Values and characters that this line may still take. */
  values: number;
  characters: number;
}

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/**
 * Fields as plain JSON values: secrets replaced by name and by value, everything bounded, errors as code and message.
 * Never throws, whatever getters, proxies and `toString`s are in there.
 */
export function sanitize(
  fields: Readonly<Record<string, unknown>>,
  options: SanitizeOptions,
): [string, Plain][] {
  const walk: Walk = {
    scrub: options.scrub,
    stacks: options.stacks,
    values: LOG_LIMITS.values,
    characters: LOG_LIMITS.characters,
  };
  try {
    return entriesOf(fields, walk, LOG_LIMITS.depth);
  } catch {
    return [["fields", "[unreadable]"]]; // a hostile proxy: the line itself still goes out
  }
}

function valueOf(value: unknown, walk: Walk, depth: number): Plain {
  if (--walk.values < 0) return "…";
  try {
    return plainOf(value, walk, depth);
  } catch {
    return "[unreadable]"; // a throwing getter, trap or conversion
  }
}

function plainOf(value: unknown, walk: Walk, depth: number): Plain {
  switch (typeof value) {
    case "string":
      return textOf(value, walk);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return textOf(value.toString(), walk);
    case "undefined":
      return null;
    case "symbol":
    case "function":
      return `[${typeof value}]`;
    case "object":
      return value === null ? null : objectOf(value, walk, depth);
  }
}

function objectOf(value: object, walk: Walk, depth: number): Plain {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (value instanceof URL) return textOf(value.href, walk);
  // Bytes may be a key: only their number is shown. Log hex text on purpose where it helps.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth === 0) return Array.isArray(value) ? "[list]" : "[object]";
  if (value instanceof Error) return errorOf(value, walk, depth - 1);
  if (Array.isArray(value) || value instanceof Set) return listOf(value, walk, depth - 1);
  if (value instanceof Map) return Object.fromEntries(entriesOf(mapFields(value), walk, depth - 1));
  return Object.fromEntries(entriesOf(value, walk, depth - 1));
}

function textOf(text: string, walk: Walk): string {
  const room = Math.max(0, Math.min(LOG_LIMITS.text, walk.characters));
  // Scrub before cutting, or half a secret at the cut would stay. What is far beyond the cut need not be looked at.
  const clean = walk.scrub(text.slice(0, LOG_LIMITS.text * 4));
  walk.characters -= Math.min(clean.length, room);
  const hidden = clean.length + Math.max(0, text.length - LOG_LIMITS.text * 4) - room;
  return hidden <= 0 ? clean : `${clean.slice(0, room)}… (${hidden} more)`;
}

function listOf(values: readonly unknown[] | ReadonlySet<unknown>, walk: Walk, depth: number): Plain[] {
  const size = Array.isArray(values) ? values.length : (values as ReadonlySet<unknown>).size;
  const out: Plain[] = [];
  for (const value of values) {
    if (out.length === LOG_LIMITS.entries || walk.values <= 0) {
      out.push(`… (${size - out.length} more)`);
      break;
    }
    out.push(valueOf(value, walk, depth));
  }
  return out;
}

function mapFields(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null);
  let count = 0;
  for (const [key, value] of map) {
    if (++count > LOG_LIMITS.entries) break;
    fields[typeof key === "string" ? key : `[${typeof key}]`] = value;
  }
  return fields;
}

function entriesOf(value: object, walk: Walk, depth: number): [string, Plain][] {
  const keys = Object.keys(value);
  const out: [string, Plain][] = [];
  for (const key of keys) {
    if (out.length === LOG_LIMITS.entries || walk.values <= 0) {
      out.push(["…", `${keys.length - out.length} more`]);
      break;
    }
    out.push([textOf(key.slice(0, 100), walk), fieldOf(value, key, walk, depth)]);
  }
  return out;
}

function fieldOf(holder: object, key: string, walk: Walk, depth: number): Plain {
  try {
    const value: unknown = Reflect.get(holder, key);
    if (value === undefined || value === null || typeof value === "boolean") return value ?? null;
    return isSecretName(key) ? REDACTED : valueOf(value, walk, depth);
  } catch {
    return "[unreadable]"; // a throwing getter
  }
}

function errorOf(error: Error, walk: Walk, depth: number): Plain {
  const out: { [key: string]: Plain } = {};
  const code: unknown = Reflect.get(error, "code");
  out["code"] = textOf(typeof code === "string" ? code : String(error.name), walk);
  out["message"] = textOf(String(error.message), walk);
  const cause: unknown = error.cause;
  if (cause !== undefined) out["cause"] = valueOf(cause, walk, depth);
  if (walk.stacks && typeof error.stack === "string") out["stack"] = textOf(error.stack, walk);
  return out;
}
