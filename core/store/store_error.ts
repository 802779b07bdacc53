import { CommonsError, type ErrorCode, errorText } from "../base/mod.ts";

/** What Deno KV and SQLite say, and what it means. KV throws plain TypeErrors, so their text is all there is. */
const MEANINGS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/value too large/i, "VALUE_TOO_LARGE"],
  [/total (mutation|key) size too large|too many mutations/i, "COMMIT_TOO_LARGE"],
  [/key too large/i, "KEY_TOO_LARGE"],
  [/could not be cloned/i, "INVALID_VALUE"],
  [/key cannot be empty|expected string, number, bigint|BigUint/i, "INVALID_KEY"],
  [/disk is full|no space left|quota exceeded/i, "STORE_FULL"],
  [/readonly database|read-only file system|permission denied/i, "STORE_READ_ONLY"],
  [/malformed|not a database|value encoding \d+ is unknown/i, "STORE_CORRUPT"],
  [/bad resource|operation canceled|interrupted/i, "STORE_CLOSED"],
];

/** Faults of one caller's data: the others who share its commit are not to blame. */
const CALLERS_FAULTS: ReadonlySet<ErrorCode> = new Set([
  "VALUE_TOO_LARGE",
  "COMMIT_TOO_LARGE",
  "KEY_TOO_LARGE",
  "INVALID_VALUE",
  "INVALID_KEY",
]);

/** The store's own error for whatever Deno KV threw while doing `action`. */
export function storeError(cause: unknown, action: string): CommonsError {
  if (cause instanceof CommonsError) return cause;
  const text = errorText(cause);
  const code = MEANINGS.find(([pattern]) => pattern.test(text))?.[1] ?? "STORE_FAILED";
  return new CommonsError(code, `Cannot ${action}: ${text}`, { cause });
}

export function isCallersFault(error: CommonsError): boolean {
  return CALLERS_FAULTS.has(error.code);
}
