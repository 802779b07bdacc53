import { type Refused, reject } from "./verdict.ts";

/** Form in which messages are written: the JSON itself, or wrapped in a named envelope. Both are read. */
export type EnvelopeForm = "raw" | "bus";

/** Outcome of {@linkcode readEnvelope}. */
export type ReadResult =
  | { readonly ok: true; readonly message: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly refused: Refused };

const MAX_NAME_LENGTH = 256;
/** Messages are flat, with a list or two in later versions' fields. */
const MAX_DEPTH = 64;
/** Names of fields, all objects of a message together: no version has more than a hundred. */
const MAX_NAMES = 4_096;
/** Smaller texts are parsed in microseconds, whatever they hold. */
const FORM_COUNTS_FROM = 4 * 1024;
// ignoreBOM keeps a byte order mark in the text, where JSON refuses it
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** C0 and C1 controls, DEL, bidirectional overrides and lone surrogates: nothing that people or logs should be shown. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE_TEXT = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/u;

/** True when `text` holds a character that has no place in any field of a message. */
export function hasUnsafeCharacters(text: string): boolean {
  return UNSAFE_TEXT.test(text);
}

const NOT_JSON: ReadResult = { ok: false, refused: reject("NOT_JSON", "the message is not UTF-8 JSON text") };
const NOT_OBJECT: ReadResult = {
  ok: false,
  refused: reject("BAD_SHAPE", "the message is not a JSON object"),
};
const TOO_DEEP: ReadResult = { ok: false, refused: reject("BAD_SHAPE", "the message is nested too deeply") };
const TOO_MANY: ReadResult = { ok: false, refused: reject("BAD_SHAPE", "the message holds too many fields") };
const BAD_NAME: ReadResult = { ok: false, refused: reject("BAD_SHAPE", "the envelope's name is malformed") };

/**
 * Reads a message in either form: JSON object, or `{"name", "data"}` whose `data` is that object's text in standard
 * base64. The caller has checked the size.
 */
export function readEnvelope(bytes: Uint8Array): ReadResult {
  const outer = parseObject(bytes);
  if (!outer.ok || !isBus(outer.message)) return outer;
  const { name, data } = outer.message;
  if (name.length > MAX_NAME_LENGTH || hasUnsafeCharacters(name)) return BAD_NAME;
  const inner = decodeBase64(data);
  return inner === undefined ? NOT_JSON : parseObject(inner);
}

/** Bytes of `message` in the given form; `name` is the envelope's. */
export function writeEnvelope(
  message: Readonly<Record<string, unknown>>,
  options: { readonly form: EnvelopeForm; readonly name: string },
): Uint8Array<ArrayBuffer> {
  const inner = encoder.encode(JSON.stringify(message));
  if (options.form === "raw") return inner;
  return encoder.encode(JSON.stringify({ name: options.name, data: inner.toBase64() }));
}

function parseObject(bytes: Uint8Array): ReadResult {
  const fault = bytes.length > FORM_COUNTS_FROM ? formFault(bytes) : undefined;
  if (fault !== undefined) return fault;
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    return NOT_JSON; // the text comes from a peer: what exactly is wrong with it helps nobody
  }
  return isObject(value) ? { ok: true, message: value } : NOT_OBJECT;
}

/**
 * What is wrong with JSON text that has more brackets open at once, or more names, than messages have. A frame of nothing
 * but brackets costs the parser two hundred times its size in memory, and with the collection of that up to 50 ms; one of
 * objects that have a name of their own each costs it a shape for each, and with the collection up to 14 ms (measured).
 */
function formFault(bytes: Uint8Array): ReadResult | undefined {
  let depth = 0;
  let names = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) inText = !inText; // "
    else if (inText) i += byte === 0x5c ? 1 : 0; // what a \ escapes ends no text
    else if (byte === 0x5b || byte === 0x7b) { // [ {
      if (++depth > MAX_DEPTH) return TOO_DEEP;
    } else if (byte === 0x5d || byte === 0x7d) depth--; // ] }
    else if (byte === 0x3a && ++names > MAX_NAMES) return TOO_MANY; // :
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBus(
  message: Readonly<Record<string, unknown>>,
): message is { readonly name: string; readonly data: string } {
  return typeof message["name"] === "string" && typeof message["data"] === "string";
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
