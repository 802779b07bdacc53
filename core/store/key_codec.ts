import { CommonsError } from "../base/mod.ts";
import { MAX_KEY_BYTES } from "./limits.ts";
import type { KeyPart, StoreKey } from "./port.ts";

// Deno KV's order of part types (denokv's key codec, after FoundationDB's tuple layer):
// bytes < text < bigint < number < false < true.
const BYTES = 0x01;
const TEXT = 0x02;
const BIGINT_LONG_NEGATIVE = 0x0b;
const BIGINT_ZERO = 0x14;
const BIGINT_LONG_POSITIVE = 0x1d;
const NUMBER = 0x21;
const FALSE = 0x26;
const TRUE = 0x27;

const MAX_BIGINT_BYTES = 255;

/**
 * Encoded size of a key in bytes.
 * @throws {CommonsError} `INVALID_KEY` for an empty key or a part of another type, `KEY_TOO_LARGE` over 2 KiB.
 */
export function keySize(key: StoreKey): number {
  if (key.length === 0) throw new CommonsError("INVALID_KEY", "Cannot use a key: it has no parts");
  const size = prefixSize(key);
  if (size > MAX_KEY_BYTES) {
    throw new CommonsError(
      "KEY_TOO_LARGE",
      `Cannot use a key: it takes ${size} bytes, at most ${MAX_KEY_BYTES}`,
      { detail: { bytes: size, limit: MAX_KEY_BYTES } },
    );
  }
  return size;
}

function prefixSize(key: StoreKey): number {
  let size = 0;
  for (const part of key) size += partSize(part);
  return size;
}

function partSize(part: KeyPart): number {
  switch (typeof part) {
    case "string":
      return textSize(part);
    case "number":
      return 9;
    case "boolean":
      return 1;
    case "bigint":
      return bigintSize(part);
    default:
      if (part instanceof Uint8Array) return bytesSize(part);
      throw new CommonsError(
        "INVALID_KEY",
        "Cannot use a key: a part is no text, number, bigint, boolean or bytes",
      );
  }
}

function textSize(text: string): number {
  let size = 2 + text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return longTextSize(text);
    if (unit === 0) size++;
  }
  return size;
}

function longTextSize(text: string): number {
  if (!text.isWellFormed()) {
    throw new CommonsError("INVALID_KEY", "Cannot use a key: a text has half a surrogate pair");
  }
  return bytesSize(new TextEncoder().encode(text));
}

function bytesSize(bytes: Uint8Array): number {
  let size = 2 + bytes.length;
  for (const byte of bytes) if (byte === 0) size++;
  return size;
}

function bigintSize(value: bigint): number {
  const bytes = magnitudeBytes(value);
  return bytes > 8 ? bytes + 2 : bytes + 1;
}

function magnitudeBytes(value: bigint): number {
  if (value === 0n) return 0;
  const bytes = Math.ceil((value < 0n ? -value : value).toString(16).length / 2);
  if (bytes > MAX_BIGINT_BYTES) {
    throw new CommonsError(
      "INVALID_KEY",
      `Cannot use a key: a bigint takes more than ${MAX_BIGINT_BYTES} bytes`,
    );
  }
  return bytes;
}

/**
 * The key as a text with one character (0 to 255) per encoded byte, which compares like the keys do in Deno KV.
 * @throws {CommonsError} `INVALID_KEY`
 */
export function encodeKey(key: StoreKey): string {
  return key.map(encodePart).join("");
}

function encodePart(part: KeyPart): string {
  partSize(part); // refuses what cannot be a part
  switch (typeof part) {
    case "string":
      return String.fromCharCode(TEXT) + escaped(new TextEncoder().encode(part));
    case "number":
      return String.fromCharCode(NUMBER) + encodeNumber(part);
    case "boolean":
      return String.fromCharCode(part ? TRUE : FALSE);
    case "bigint":
      return encodeBigint(part);
    default:
      return String.fromCharCode(BYTES) + escaped(part);
  }
}

/** Zero bytes become 00 ff, and 00 ends the part. */
function escaped(bytes: Uint8Array): string {
  return binaryText(bytes).replaceAll("\0", "\0\xff") + "\0";
}

function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Big-endian IEEE 754; all bits flipped for negative numbers, else the sign bit. */
function encodeNumber(value: number): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  const flipped = bytes.map((byte, i) => negative ? byte ^ 0xff : i === 0 ? byte ^ 0x80 : byte);
  return binaryText(flipped);
}

/** Length in the type byte up to 8 bytes, in a byte of its own above; negative ones as complement. */
function encodeBigint(value: bigint): string {
  const length = magnitudeBytes(value);
  const negative = value < 0n;
  const magnitude = (negative ? -value : value).toString(16).padStart(length * 2, "0");
  const bytes = length === 0 ? new Uint8Array() : Uint8Array.fromHex(magnitude);
  const body = binaryText(negative ? bytes.map((byte) => byte ^ 0xff) : bytes);
  if (length <= 8) return String.fromCharCode(BIGINT_ZERO + (negative ? -length : length)) + body;
  return negative
    ? String.fromCharCode(BIGINT_LONG_NEGATIVE, length ^ 0xff) + body
    : String.fromCharCode(BIGINT_LONG_POSITIVE, length) + body;
}

/** Encoded bounds of a listing: from `low` (inclusive) to `high` (exclusive). */
export interface KeyRange {
  readonly low: string;
  readonly high: string;
}

/**
 * Bounds of the keys that go on after `prefix`, from `start` and up to `end`.
 * @throws {CommonsError} `INVALID_KEY` when `start` or `end` is outside the prefix.
 */
export function keyRange(prefix: StoreKey, start: StoreKey | undefined, end: StoreKey | undefined): KeyRange {
  const inside = encodeKey(prefix);
  return {
    low: start === undefined ? inside + "\0" : bound(inside, start, "start"),
    high: end === undefined ? inside + "\xff" : bound(inside, end, "end"),
  };
}

function bound(prefix: string, key: StoreKey, title: string): string {
  const encoded = encodeKey(key);
  if (encoded.length > prefix.length && encoded.startsWith(prefix)) return encoded;
  throw new CommonsError("INVALID_KEY", `Cannot list: '${title}' is not inside the prefix`);
}
