import { CommonsError, type ErrorCode, isCommonsError } from "../base/mod.ts";

/** Codes that go to modules as they are. */
const PASSED: ReadonlySet<string> = new Set([
  "PERMISSION_DENIED",
  "NOT_FOUND",
  "INVALID_PARAMS",
  "RATE_LIMITED",
  "TIMEOUT",
  "QUOTA_EXCEEDED",
  "UNAVAILABLE",
  "MODULE_FAILED",
]);

/** What the node's own codes are called on the other side of the wall. */
const TRANSLATED: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["MODULE_NOT_FOUND", "NOT_FOUND"],
  ["NO_SUCH_METHOD", "NOT_FOUND"],
  ["MODULE_NOT_RUNNING", "UNAVAILABLE"],
  ["RESULT_TOO_LARGE", "QUOTA_EXCEEDED"],
  ["STORE_FULL", "QUOTA_EXCEEDED"],
  ["VALUE_TOO_LARGE", "INVALID_PARAMS"],
  ["KEY_TOO_LARGE", "INVALID_PARAMS"],
  ["INVALID_VALUE", "INVALID_PARAMS"],
  ["STORE_BUSY", "RATE_LIMITED"],
  ["MODULE_BUSY", "QUOTA_EXCEEDED"],
  ["BUSY", "RATE_LIMITED"],
  ["SOURCE_FAULT", "UNAVAILABLE"],
  ["REFUSED", "INVALID_PARAMS"], // by the full node, in its own words
]);

/**
 * The error that a module gets for `error`. What is not meant for it (a fault of the node, a store error with a path)
 * becomes a plain `UNAVAILABLE`; `hidden` then says that the node should log the original.
 */
export function toModuleError(method: string, error: unknown): { error: CommonsError; hidden: boolean } {
  if (isCommonsError(error)) {
    if (PASSED.has(error.code)) return { error, hidden: false };
    const code = TRANSLATED.get(error.code);
    if (code !== undefined) return { error: new CommonsError(code, error.message), hidden: false };
  }
  return {
    error: new CommonsError("UNAVAILABLE", `Cannot call ${method}: the node failed to answer`),
    hidden: true,
  };
}
