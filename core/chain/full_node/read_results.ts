import { fromHex, type HashHex, HEADER_BYTES, isCommonsError, tryHashHex } from "../../base/mod.ts";
import type { SourceTransaction, SourceUtxo } from "../source_types.ts";
import { satsOf } from "./amounts.ts";
import { fieldsOf, RPC_CODE } from "./json_rpc.ts";
import { isRefusal, sourceFault } from "./rpc_errors.ts";

/** @throws {CommonsError} `SOURCE_FAULT` */
export function hashOf(value: unknown, title: string): HashHex {
  const hash = tryHashHex(value);
  if (hash === undefined) throw sourceFault(`${title} is not a hash`);
  return hash;
}

/** @throws {CommonsError} `SOURCE_FAULT` */
export function bytesOf(value: unknown, title: string): Uint8Array<ArrayBuffer> {
  if (typeof value !== "string") throw sourceFault(`${title} is not text`);
  try {
    return fromHex(value, { title });
  } catch (cause) {
    throw isCommonsError(cause, "INVALID_HEX") ? sourceFault(`${title} is not hex`, cause) : cause;
  }
}

/** Whole number from 0 up to 2^53 - 1. */
export function countOf(value: unknown, title: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw sourceFault(`${title} is not a whole number`);
  }
  return value;
}

export function headerOf(value: unknown): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(value, "a header");
  if (bytes.length !== HEADER_BYTES) throw sourceFault(`a header has ${bytes.length} bytes`);
  return bytes;
}

/** What `getrawtransaction` tells with all details. */
export function transactionOf(value: unknown): SourceTransaction {
  const { hex, blockhash } = fieldsOf(value);
  const raw = bytesOf(hex, "a transaction");
  // btcd says "" for one in its mempool.
  if (blockhash === undefined || blockhash === "") return { raw };
  return { raw, blockHash: hashOf(blockhash, "the block of a transaction") };
}

/** What `gettxout` tells; `null` is a spent or unknown output. */
export function utxoOf(value: unknown): SourceUtxo | undefined {
  if (value === null) return undefined;
  const fields = fieldsOf(value);
  return {
    sats: satsOf(fields["value"], "the value of an output"),
    scriptPubKey: bytesOf(fieldsOf(fields["scriptPubKey"])["hex"], "a script"),
    confirmations: countOf(fields["confirmations"], "confirmations"),
    coinbase: fields["coinbase"] === true,
    bestBlock: hashOf(fields["bestblock"], "the best block"),
  };
}

/** True when a refusal means "I do not have it": unknown, or thrown away by a node that prunes. */
export function isMissing(error: unknown): boolean {
  if (isRefusal(error, [RPC_CODE.notFound])) return true;
  return isRefusal(error, [RPC_CODE.misc]) && isCommonsError(error) &&
    /pruned|not available|not found on disk/i.test(error.message);
}
