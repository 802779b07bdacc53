import type { ErrorCode } from "../base/mod.ts";
import type { Offence } from "../bans/mod.ts";

const SPAM: ReadonlySet<string> = new Set(["FLOOD", "SPAM"]);
const INVALID_BLOCK: ReadonlySet<string> = new Set([
  "HEADER_LENGTH",
  "HASH_MISMATCH",
  "BAD_BITS",
  "BITS_TOO_EASY",
  "HASH_ABOVE_TARGET",
]);

/** What a peer has done whose own message was rejected with `code`. */
export function offenceOf(code: ErrorCode): Offence {
  if (SPAM.has(code)) return "spam";
  return INVALID_BLOCK.has(code) ? "invalid_block" : "protocol_violation";
}
