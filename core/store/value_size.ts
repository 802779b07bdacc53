import { serialize } from "node:v8";
import { CommonsError, errorText } from "../base/mod.ts";
import { MAX_VALUE_BYTES } from "./limits.ts";

/** A value that may be stored, and about how many bytes it takes. */
export interface SizedValue {
  readonly value: unknown;
  readonly bytes: number;
}

/** Deeper than this a value is measured by serialising it. */
const MAX_DEPTH = 64;

/**
 * Checks a value against KV's limit and answers its size, estimated (a few bytes too high) for small plain data and
 * exact near the limit. Views on larger buffers are copied, because a stored view would drag its whole buffer along.
 * @throws {CommonsError} `VALUE_TOO_LARGE`, `INVALID_VALUE`
 */
export function sizeValue(value: unknown): SizedValue {
  if (value instanceof Uint8Array) return { value, bytes: checkedSize(value.byteLength) };
  if (value === undefined) {
    throw new CommonsError("INVALID_VALUE", "Cannot store a value: it is undefined; delete the key instead");
  }
  try {
    const walk = new SizeWalk();
    walk.visit(value, 0);
    const stored = walk.plain && walk.hasPartialView ? compacted(value) : value;
    if (walk.plain && walk.upperBound <= MAX_VALUE_BYTES) return { value: stored, bytes: walk.bytes };
    return { value: stored, bytes: checkedSize(exactSize(stored)) };
  } catch (cause) {
    if (cause instanceof CommonsError) throw cause;
    throw invalidValue(cause);
  }
}

/** The error for what structured clone cannot take. */
export function invalidValue(cause: unknown): CommonsError {
  const reason = errorText(cause).slice(0, 200);
  return new CommonsError("INVALID_VALUE", `Cannot store a value: ${reason}`, { cause });
}

function checkedSize(bytes: number): number {
  if (bytes <= MAX_VALUE_BYTES) return bytes;
  throw new CommonsError(
    "VALUE_TOO_LARGE",
    `Cannot store a value: it takes ${bytes} bytes, at most ${MAX_VALUE_BYTES}`,
    { detail: { bytes, limit: MAX_VALUE_BYTES } },
  );
}

function exactSize(value: unknown): number {
  if (value instanceof Deno.KvU64) {
    throw new CommonsError(
      "INVALID_VALUE",
      "Cannot store a value: KvU64 is not kept by every store; use a bigint",
    );
  }
  return serialize(value).length;
}

/** Adds up the serialised size of plain data; stops early at anything else and over the limit. */
class SizeWalk {
  bytes = 2;
  /** False when something was met that only serialising can measure. */
  plain = true;
  hasPartialView = false;
  #latinCharacters = 0;

  /** Latin text takes one byte a character, or two when the engine happens to hold it so. */
  get upperBound(): number {
    return this.bytes + this.#latinCharacters;
  }

  visit(value: unknown, depth: number): void {
    if (this.bytes > MAX_VALUE_BYTES) this.plain = false;
    if (!this.plain) return;
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        this.bytes += 9;
        return;
      case "boolean":
        this.bytes += 1;
        return;
      case "undefined":
        this.bytes += 1;
        return;
      case "bigint":
        this.bytes += 10 + (value < 2n ** 64n && value > -(2n ** 64n) ? 0 : value.toString(16).length / 2);
        return;
      case "object":
        if (value === null) this.bytes += 1;
        else this.#object(value, depth + 1);
        return;
      default:
        this.plain = false;
    }
  }

  #text(text: string): void {
    this.bytes += 6 + text.length;
    if (isLatin1(text)) this.#latinCharacters += text.length;
    else this.bytes += text.length;
  }

  #object(value: object, depth: number): void {
    if (depth > MAX_DEPTH) this.plain = false;
    else if (Array.isArray(value)) this.#all(value, depth);
    else if (ArrayBuffer.isView(value)) this.#view(value);
    else this.#others(value, depth);
  }

  #others(value: object, depth: number): void {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#record(value, depth);
    if (prototype === Map.prototype) return this.#all((value as Map<unknown, unknown>).entries(), depth);
    if (prototype === Set.prototype) return this.#all((value as Set<unknown>).values(), depth);
    if (prototype === Date.prototype) this.bytes += 9;
    else this.plain = false;
  }

  #record(value: object, depth: number): void {
    this.bytes += 8;
    for (const [name, member] of Object.entries(value)) {
      this.#text(name);
      this.visit(member, depth);
      if (!this.plain) return;
    }
  }

  #all(values: Iterable<unknown>, depth: number): void {
    this.bytes += 12;
    for (const value of values) {
      this.visit(value, depth);
      if (!this.plain) return;
    }
  }

  #view(view: ArrayBufferView): void {
    this.bytes += 24 + view.byteLength;
    if (view.buffer.byteLength !== view.byteLength) this.hasPartialView = true;
  }
}

// deno-lint-ignore no-control-regex -- the range is the point: text that the engine can hold in one byte a character
const BEYOND_LATIN1 = /[^\x00-\xff]/;

function isLatin1(text: string): boolean {
  return !BEYOND_LATIN1.test(text);
}

/** A copy of plain data (as {@linkcode SizeWalk} understands it) in which every view owns just its bytes. */
function compacted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return compactedView(value);
  if (Array.isArray(value)) return value.map(compacted);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [compacted(k), compacted(v)]));
  if (value instanceof Set) return new Set([...value].map(compacted));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, compacted(v)]));
}

function compactedView(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  if (view instanceof Uint8Array) return bytes; // also Node's Buffer, which comes back as plain bytes anyway
  if (view instanceof DataView) return new DataView(bytes.buffer);
  return "slice" in view && typeof view.slice === "function" ? view.slice() : view; // the other typed arrays
}
