import { canonicalJson, CommonsError, concatBytes } from "../base/mod.ts";
import type { Manifest } from "./manifest_types.ts";

/** First line of what is signed: a signature made for another purpose means nothing here. */
export const SIGNING_DOMAIN = "commons-module/v1";

const MAX_DEPTH = 8;

/**
 * The bytes that a maintainer signs (contract, section 4): the domain, a line break, and the RFC 8785 JSON of the parsed
 * manifest without its `signatures` table. Order of keys, comments and spelling of the TOML mean nothing.
 *
 * Only texts, booleans, whole numbers up to 2^53 - 1, lists and tables are taken. Dates and fractions have no one JSON
 * form that every TOML parser gives, and no field of a manifest has them. `1.0` is the number 1, as RFC 8785 says.
 *
 * @throws {CommonsError} `MANIFEST_NOT_CANONICAL` (`detail.key`) for anything else
 */
export function signedBytes(manifest: Pick<Manifest, "raw">): Uint8Array<ArrayBuffer> {
  const content = Object.entries(manifest.raw).filter(([key]) => key !== "signatures");
  for (const [key, value] of content) checkValue(value, key, 0);
  const encoder = new TextEncoder();
  const json = canonicalJson(Object.fromEntries(content));
  return concatBytes([encoder.encode(`${SIGNING_DOMAIN}\n`), encoder.encode(json)]);
}

function checkValue(value: unknown, key: string, depth: number): void {
  if (depth > MAX_DEPTH) throw refused(key, "is nested too deeply");
  if (typeof value === "boolean") return;
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw refused(key, "holds half of a character");
    return;
  }
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw refused(key, "is no whole number up to 2^53 - 1");
    return;
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => checkValue(item, `${key}[${index}]`, depth + 1));
    return;
  }
  if (!isPlainTable(value)) throw refused(key, value instanceof Date ? "is a date" : "has no JSON form");
  for (const [name, item] of Object.entries(value)) {
    if (!name.isWellFormed()) throw refused(key, "holds half of a character");
    checkValue(item, `${key}.${name}`, depth + 1);
  }
}

/** TOML tables come as objects with the usual prototype or none. */
function isPlainTable(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function refused(key: string, state: string): CommonsError {
  const shown = key.slice(0, 200);
  return new CommonsError("MANIFEST_NOT_CANONICAL", `Cannot sign or check the manifest: ${shown} ${state}`, {
    detail: { key: shown },
  });
}
