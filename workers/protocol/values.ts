/**
 * Values that cross the wall: JSON, and besides `Uint8Array` and `bigint`. Those two are written as `{"$b": base64}`
 * and `{"$n": decimal}`; an object whose own only key starts with "$" is wrapped as `{"$o": …}` so that it comes back
 * as it was. A message that holds such forms says so by a flag, so that plain JSON is neither copied nor walked twice.
 */

/** Deepest nesting of a value. */
export const MAX_DEPTH = 64;

/** A value ready for JSON, and whether it holds tagged forms. */
export interface EncodedValue {
  readonly value: unknown;
  readonly tagged: boolean;
}

/** @throws {TypeError} for functions, symbols, maps, sets, and nesting deeper than 64 (cycles are) */
export function encodeValue(value: unknown): EncodedValue {
  if (isPlain(value, 0)) return { value, tagged: false };
  return { value: tag(value, 0), tagged: true };
}

/** The value that {@linkcode encodeValue} was given. @throws {TypeError} for a broken tagged form */
export function decodeValue(value: unknown): unknown {
  return untag(value, 0);
}

function isPlain(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new TypeError(`Cannot send a value: nested deeper than ${MAX_DEPTH}`);
  switch (typeof value) {
    case "object":
      break;
    case "bigint":
      return false;
    case "function":
    case "symbol":
      throw new TypeError(`Cannot send a value: a ${typeof value} is not data`);
    default:
      return true;
  }
  if (value === null) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!isPlain(value[i], depth + 1)) return false;
    }
    return true;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
  if (value instanceof Map || value instanceof Set) {
    throw new TypeError("Cannot send a value: a Map or Set is not JSON");
  }
  let keys = 0;
  let dollar = false;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    keys++;
    dollar ||= key.startsWith("$");
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return !(dollar && keys === 1);
}

function tag(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new TypeError(`Cannot send a value: nested deeper than ${MAX_DEPTH}`);
  if (typeof value === "bigint") return { $n: value.toString() };
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`Cannot send a value: a ${typeof value} is not data`);
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => tag(item, depth + 1));
  if (value instanceof Map || value instanceof Set) {
    throw new TypeError("Cannot send a value: a Map or Set is not JSON");
  }
  if (value instanceof Uint8Array) return { $b: value.toBase64() };
  if (ArrayBuffer.isView(value)) {
    return { $b: new Uint8Array(value.buffer, value.byteOffset, value.byteLength).toBase64() };
  }
  if (value instanceof ArrayBuffer) return { $b: new Uint8Array(value).toBase64() };
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return value; // Date and the like: JSON does it
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, tag(item, depth + 1)]);
  const copy = Object.fromEntries(entries);
  return entries.length === 1 && entries[0]?.[0].startsWith("$") ? { $o: copy } : copy;
}

function untag(value: unknown, depth: number): unknown {
  if (depth > 2 * MAX_DEPTH) throw new TypeError(`Cannot read a value: nested deeper than ${MAX_DEPTH}`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => untag(item, depth + 1));
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && only[0].startsWith("$")) {
    return untagOne(only[0], only[1], depth);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, untag(item, depth + 1)]));
}

function untagOne(key: string, item: unknown, depth: number): unknown {
  if (key === "$b" && typeof item === "string") {
    try {
      return Uint8Array.fromBase64(item);
    } catch {
      throw new TypeError("Cannot read a value: broken base64"); // quoting it would leak data into logs
    }
  }
  if (key === "$n" && typeof item === "string" && /^-?\d{1,400}$/.test(item)) return BigInt(item);
  if (key === "$o" && typeof item === "object" && item !== null && !Array.isArray(item)) {
    return Object.fromEntries(Object.entries(item).map(([name, part]) => [name, untag(part, depth + 1)]));
  }
  throw new TypeError("Cannot read a value: unknown tagged form");
}
