import { CommonsError } from "../base/mod.ts";
import { moduleJson } from "./module_json.ts";
import type { ModuleHttpRequest, ModuleHttpResponse } from "./types.ts";

/** Bytes of a request's body that go into a cell. */
export const MAX_REQUEST_BODY = 1_048_576;
/** Bytes of an answer's body. */
const MAX_RESPONSE_BODY = 4 * 1_048_576;
const MAX_HEADERS = 32;
const MAX_HEADER_VALUE = 4_096;
const MAX_REQUEST_HEADERS = 64;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Answers without a body (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 205, 304]);

/** What a module may say about its answer. Cookies, CORS, hop-by-hop and everything else is the node's own affair. */
const FROM_MODULE = new Set([
  "allow",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "link",
  "location",
  "retry-after",
  "vary",
]);
/** What a module is told of a request. Never the token, cookies, or where it came from. */
const TO_MODULE = new Set([
  "accept",
  "accept-language",
  "content-type",
  "if-modified-since",
  "if-none-match",
  "range",
  "user-agent",
]);
/** Headers of a module's own, both ways, but those that browsers, proxies or the node give a meaning. */
const OWN_HEADER = /^x-(?!frame|content|xss|dns|permitted|accel|sendfile)[a-z0-9-]{1,62}$/;
const HIDDEN_HEADER = /^x-(?:forwarded|real-ip|client-ip|api-key|auth|csrf)/;

/**
 * On every answer, whatever the module says: a page of a module runs in an origin of its own, so it cannot read what
 * the dashboard of the node keeps in the browser.
 */
const FORCED: Readonly<Record<string, string>> = {
  "content-security-policy": "sandbox allow-scripts allow-forms",
  "x-content-type-options": "nosniff",
};

/** The request's headers that a module gets to see: lower-case, bounded, nothing of the node's own affairs. */
export function requestHeaders(headers: ModuleHttpRequest["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]): [string, string] => [name.toLowerCase(), value])
      .filter(([name, value]) => isForModule(name) && value.length <= MAX_HEADER_VALUE)
      .slice(0, MAX_REQUEST_HEADERS),
  );
}

function isForModule(name: string): boolean {
  return TO_MODULE.has(name) || (OWN_HEADER.test(name) && !HIDDEN_HEADER.test(name));
}

/**
 * A route handler's result as an answer: `{status, headers?, body?}` with nothing else in it, or any value as JSON, 200.
 * @throws {CommonsError} `MODULE_FAILED`, `RESULT_TOO_LARGE`
 */
export function toHttpResponse(value: unknown): ModuleHttpResponse {
  if (value === undefined) return plainResponse(204);
  if (!isResponse(value)) {
    return respond(200, {}, value instanceof Uint8Array ? bytesBody(value) : jsonBody(value));
  }
  return respond(value.status, readHeaders(value.headers), readBody(value.body));
}

/** An answer of the node itself, without a body. */
export function plainResponse(status: number, headers: Record<string, string> = {}): ModuleHttpResponse {
  return { status, headers: { ...headers, ...FORCED }, body: new Uint8Array() };
}

interface Body {
  readonly type: string | undefined;
  readonly bytes: Uint8Array;
}

interface ResponseLike {
  readonly status: number;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/** A value of the module's own that happens to have a `status` is data, not an answer. */
function isResponse(value: unknown): value is ResponseLike {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const { status } = value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 &&
    Object.keys(value).every((key) => key === "status" || key === "headers" || key === "body");
}

function respond(status: number, headers: Record<string, string>, body: Body): ModuleHttpResponse {
  if (body.bytes.length > MAX_RESPONSE_BODY) {
    throw new CommonsError("RESULT_TOO_LARGE", `Cannot answer: the body is over ${MAX_RESPONSE_BODY} bytes`);
  }
  const bytes = BODILESS.has(status) ? new Uint8Array() : body.bytes;
  const type = bytes.length > 0 && body.type !== undefined && headers["content-type"] === undefined
    ? { "content-type": body.type }
    : {};
  return { status, headers: { ...headers, ...type, ...FORCED }, body: bytes };
}

/** The allowed ones; what could break the HTTP message apart is left out, not repaired. */
function readHeaders(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const kept = Object.entries(value)
    .map((
      [name, text],
    ): [string, unknown] => [name.toLowerCase(), typeof text === "number" ? String(text) : text])
    .filter((entry): entry is [string, string] => isHeader(...entry));
  return Object.fromEntries(kept.slice(0, MAX_HEADERS));
}

function isHeader(name: string, value: unknown): boolean {
  return (FROM_MODULE.has(name) || OWN_HEADER.test(name)) &&
    typeof value === "string" && value.length <= MAX_HEADER_VALUE && HEADER_VALUE.test(value);
}

function readBody(body: unknown): Body {
  if (body === undefined || body === null) return { type: undefined, bytes: new Uint8Array() };
  if (body instanceof Uint8Array) return bytesBody(body);
  if (typeof body === "string") {
    return { type: "text/plain; charset=utf-8", bytes: new TextEncoder().encode(body) };
  }
  return jsonBody(body);
}

function bytesBody(bytes: Uint8Array): Body {
  return { type: "application/octet-stream", bytes };
}

function jsonBody(value: unknown): Body {
  return { type: "application/json; charset=utf-8", bytes: new TextEncoder().encode(moduleJson(value)) };
}
