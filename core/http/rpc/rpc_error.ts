import { type CommonsError, type ErrorCode, isCommonsError } from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";

/** Error numbers: those of JSON-RPC 2.0, two of the server's own range, and Bitcoin Core's where its methods have them. */
export const RPC_CODES = Object.freeze({
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  unauthorized: -32003,
  overrideNotLoaded: -32001,
  // of Bitcoin Core
  misc: -1,
  notFound: -5,
  outOfRange: -8, // its name there: invalid parameter
  decodeFailed: -22,
  notAccepted: -25,
  rejected: -26,
});

/** The `error` member of an answer. `data.code` is the node's own stable code. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly code: ErrorCode };
}

const NUMBER_OF: Readonly<Record<string, number>> = Object.freeze({
  INVALID_PARAMS: RPC_CODES.invalidParams,
  INVALID_MODULE_NAME: RPC_CODES.invalidParams,
  INVALID_MULTIADDR: RPC_CODES.invalidParams,
  INVALID_HEX: RPC_CODES.invalidParams,
  INVALID_BAN_TARGET: RPC_CODES.outOfRange,
  INVALID_BAN_TIME: RPC_CODES.outOfRange,
  BANS_FULL: RPC_CODES.outOfRange,
  BAN_NOT_FOUND: RPC_CODES.outOfRange,
  MODULE_NOT_FOUND: RPC_CODES.invalidParams,
  NO_SUCH_CLI: RPC_CODES.invalidParams,
  NO_SUCH_METHOD: RPC_CODES.methodNotFound,
  UNAUTHORIZED: RPC_CODES.unauthorized,
  BLOCK_NOT_AVAILABLE: RPC_CODES.misc,
  BLOCK_NOT_FOUND: RPC_CODES.notFound,
  STALE_BLOCK: RPC_CODES.notFound,
  TX_NOT_FOUND: RPC_CODES.notFound,
  TX_NOT_IN_BLOCK: RPC_CODES.notFound,
  UNKNOWN_BLOCK: RPC_CODES.notFound,
  INVALID_HASH: RPC_CODES.outOfRange,
  INVALID_OUTPOINT: RPC_CODES.outOfRange,
  INVALID_PARAMETER: RPC_CODES.outOfRange,
  INVALID_TARGET: RPC_CODES.outOfRange,
  NO_TRANSACTIONS: RPC_CODES.outOfRange,
  BLOCK_DECODE_FAILED: RPC_CODES.decodeFailed,
  PROOF_DECODE_FAILED: RPC_CODES.decodeFailed,
  TX_DECODE_FAILED: RPC_CODES.decodeFailed,
  REFUSED: RPC_CODES.rejected,
  HEADER_NOT_FOUND: RPC_CODES.notFound,
  HEIGHT_OUT_OF_RANGE: RPC_CODES.outOfRange,
  HEADER_DECODE_FAILED: RPC_CODES.decodeFailed,
  UNKNOWN_PARENT: RPC_CODES.notAccepted,
  BAD_DIFFBITS: RPC_CODES.notAccepted,
  HIGH_HASH: RPC_CODES.notAccepted,
  TIME_TOO_OLD: RPC_CODES.notAccepted,
  TIME_WARP: RPC_CODES.notAccepted,
  TIME_TOO_NEW: RPC_CODES.notAccepted,
  BAD_VERSION: RPC_CODES.notAccepted,
  TOO_MANY_STALE: RPC_CODES.notAccepted,
  OVERRIDE_NOT_LOADED: RPC_CODES.overrideNotLoaded,
});

/** `error` as an answer's error; what is not one of the node's errors is logged and says nothing of its inside. */
export function rpcErrorOf(error: unknown, logger: Logger): RpcError {
  if (!isCommonsError(error)) {
    logger.error("rpc method failed", { error });
    return { code: RPC_CODES.internal, message: "Internal error", data: { code: "INTERNAL" } };
  }
  return {
    code: ownNumber(error) ?? NUMBER_OF[error.code] ?? RPC_CODES.internal,
    message: error.message,
    data: { code: error.code },
  };
}

/** What the attached full node answered with, where that is one of Bitcoin Core's numbers. */
function ownNumber({ code, detail }: CommonsError): number | undefined {
  const number = code === "REFUSED" ? detail?.["rpcCode"] : undefined;
  return typeof number === "number" && number < 0 && number > -100 ? number : undefined;
}
