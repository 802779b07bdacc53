import { type Clock, CommonsError, withDeadline } from "../base/mod.ts";

const BODY_DEADLINE_MS = 30_000;
const MAX_DEPTH = 64;

/** How a body is read. */
export interface BodyOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
}

function tooLarge(maxBytes: number): CommonsError {
  return new CommonsError("BODY_TOO_LARGE", `Cannot read the body: it is over ${maxBytes} bytes`, {
    detail: { maxBytes },
  });
}

/**
 * The body's bytes. A length that is said to be over the cap is refused unread; one that is not said, while reading.
 * @throws {CommonsError} `BODY_TOO_LARGE`, `REQUEST_TIMEOUT` after 30 s
 */
export async function readBody(request: Request, options: BodyOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, clock } = options;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  try {
    return await withDeadline(clock, BODY_DEADLINE_MS, readAll(reader, maxBytes), "read the body");
  } catch (error) {
    reader.cancel().catch(() => {}); // the client may be gone; there is nobody to tell
    if (error instanceof CommonsError && error.code === "TIMEOUT") {
      throw new CommonsError("REQUEST_TIMEOUT", error.message, { cause: error });
    }
    throw error;
  }
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * The body as JSON, `undefined` when it is empty. Nesting is bounded before parsing, so that nothing behind recurses far.
 * @throws {CommonsError} `INVALID_JSON`, `JSON_TOO_DEEP`, and what {@linkcode readBody} throws
 */
export async function readJson(request: Request, options: BodyOptions): Promise<unknown> {
  const bytes = await readBody(request, options);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

function parseJson(bytes: Uint8Array): unknown {
  if (depthOf(bytes) > MAX_DEPTH) {
    throw new CommonsError("JSON_TOO_DEEP", `Cannot read the body: nested deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CommonsError("INVALID_JSON", "Cannot read the body: it is not JSON in UTF-8", { cause });
  }
}

/** Deepest nesting of brackets outside of strings; in UTF-8 these bytes are never part of another character. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) inString = !inString;
    else if (inString) { if (byte === 0x5c) i++; }
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return deepest;
}
