import canonicalize from "canonicalize";
import { CommonsError } from "./errors.ts";

/**
 * RFC 8785 (JSON Canonicalization Scheme) text of a JSON value.
 * @throws {CommonsError} `NOT_JSON` for what JSON cannot hold (undefined, functions, NaN, cycles).
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new CommonsError("NOT_JSON", "Cannot canonicalise: the value is not JSON", { cause });
  }
  if (text === undefined) throw new CommonsError("NOT_JSON", "Cannot canonicalise: the value is not JSON");
  return text;
}
