import canonicalize from "canonicalize";
import { CommonsError } from "./errors.ts";

/**
 * RFC 8785 (JSON Canonicalization Scheme) text of a JSON value.
 * Members that JSON leaves out (undefined, functions, symbols) are left out, in lists they are null, and `toJSON` is
 * called, as `JSON.stringify` does: canonicalise what came out of a parser.
 * @throws {CommonsError} `NOT_JSON` for what JSON cannot hold (a bare undefined or function, NaN, bigints, cycles, lone
 * surrogates).
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
