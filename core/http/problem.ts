import { CommonsError, type ErrorCode, isCommonsError } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

/** HTTP status of each error code; what is not listed is the node's own fault: 500. */
export const STATUS_OF: Readonly<Record<string, number>> = Object.freeze({
  INVALID_JSON: 400,
  JSON_TOO_DEEP: 400,
  INVALID_PARAMS: 400,
  INVALID_MULTIADDR: 400,
  INVALID_MODULE_NAME: 400,
  INVALID_HEX: 400,
  INVALID_BAN_TARGET: 400,
  INVALID_BAN_TIME: 400,
  INVALID_HASH: 400,
  INVALID_OUTPOINT: 400,
  INVALID_TARGET: 400,
  NO_TRANSACTIONS: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN_HOST: 403,
  FORBIDDEN_ORIGIN: 403,
  BANNED: 403,
  PERMISSION_DENIED: 403,
  NEEDS_APPROVAL: 403,
  NOT_FOUND: 404,
  PEER_NOT_FOUND: 404,
  BAN_NOT_FOUND: 404,
  HEADER_NOT_FOUND: 404,
  BLOCK_NOT_FOUND: 404,
  BLOCK_NOT_AVAILABLE: 404,
  TX_NOT_FOUND: 404,
  TX_NOT_IN_BLOCK: 404,
  UNKNOWN_BLOCK: 404,
  UNKNOWN_TOPIC: 404,
  MODULE_NOT_FOUND: 404,
  NO_SUCH_CLI: 404,
  NO_SUCH_ROUTE: 404,
  NO_SUCH_METHOD: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  MODULE_NOT_RUNNING: 409,
  MODULE_ALREADY_LOADED: 409,
  BANS_FULL: 409,
  CHAIN_NOT_EMPTY: 409,
  PEER_BANNED: 409,
  BODY_TOO_LARGE: 413,
  BATCH_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  AUTHOR_MISMATCH: 422,
  BAD_WITNESS_FLAG: 422,
  HEADER_LENGTH: 422,
  INVALID_ANCHOR: 422,
  NO_INPUTS: 422,
  NOT_CANONICAL: 422,
  PROOF_BITS: 422,
  PROOF_DEPTH: 422,
  PROOF_EMPTY: 422,
  PROOF_HASHES: 422,
  PROOF_NO_MATCH: 422,
  PROOF_OTHER_TRANSACTION: 422,
  PROOF_ROOT: 422,
  PROOF_TOO_MANY: 422,
  PROOF_TOTAL: 422,
  PROOF_TWINS: 422,
  STALE_BLOCK: 422,
  SUPERFLUOUS_WITNESS: 422,
  TOO_LARGE: 422,
  TRAILING_BYTES: 422,
  TRANSACTION_64_BYTES: 422,
  TRUNCATED: 422,
  // of whole blocks
  BAD_COINBASE_HEIGHT: 422,
  BAD_COINBASE_LENGTH: 422,
  BAD_MERKLE_ROOT: 422,
  BAD_WITNESS_COMMITMENT: 422,
  BAD_WITNESS_RESERVED: 422,
  BLOCK_TOO_LARGE: 422,
  MERKLE_MUTATED: 422,
  NO_COINBASE: 422,
  SECOND_COINBASE: 422,
  UNEXPECTED_WITNESS: 422,
  MODULE_REJECTED: 422,
  START_FAILED: 422,
  UPGRADE_REQUIRED: 426,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  TOO_MANY_HEADERS: 431,
  INTERNAL: 500,
  DIAL_FAILED: 502,
  MODULE_FAILED: 502,
  REFUSED: 502,
  RESULT_TOO_LARGE: 502,
  SOURCE_FAULT: 502,
  BUSY: 503,
  MODULE_BUSY: 503,
  CHAIN_BUSY: 503,
  UNAVAILABLE: 503,
  TOO_MANY_CLIENTS: 503,
  TOO_MANY_PEERS: 503,
  TIMEOUT: 504,
});

const TITLES: Readonly<Record<number, string>> = Object.freeze({
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  414: "URI Too Long",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
});

/** Options of {@linkcode problem}. */
export interface ProblemOptions {
  /** Instead of the code's own. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** More members of the document; the fixed ones win. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** An `application/problem+json` answer (RFC 9457). */
export function problem(code: ErrorCode, detail: string, options: ProblemOptions = {}): Response {
  const status = options.status ?? STATUS_OF[code] ?? 500;
  const title = TITLES[status] ?? "Error";
  const document = { ...options.extra, type: "about:blank", title, status, code, detail };
  return new Response(JSON.stringify(document), {
    status,
    headers: {
      ...options.headers,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}

/**
 * The answer to whatever was thrown. Errors of the node say what they say; anything else is logged and answers
 * `INTERNAL` and nothing of its inside. `refusal` is the status of codes that the table does not know.
 */
export function problemOf(
  error: unknown,
  options: { readonly logger: Logger; readonly refusal?: number },
): Response {
  if (!isCommonsError(error)) {
    options.logger.error("request failed", { error });
    return problem("INTERNAL", "Cannot answer: the node has an error of its own, see its log");
  }
  const status = STATUS_OF[error.code] ?? options.refusal ?? 500;
  if (status === 500) options.logger.error("request failed", { error });
  return problem(error.code, error.message, {
    status,
    ...(error.detail === undefined ? {} : { extra: error.detail }),
  });
}

/** For paths and methods that the API does not have. */
export function notFound(): CommonsError {
  return new CommonsError("NOT_FOUND", "Cannot find this: the API has no such path");
}
