import type { HashHex } from "../base/mod.ts";
import type { ChainTransaction } from "./node_api_blocks.ts";
import type { Params } from "./node_api_params.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";

/** Hashes in one answer. */
const MAX_HASHES = 100_000;
/** Blocks that an estimate can look ahead: a week. */
const MAX_TARGET = 1_008;
const MAX_TRANSACTION_BYTES = 400_000;

/** The mempool in numbers. */
export interface MempoolSize {
  readonly transaction_count: number;
  /** Virtual bytes. */
  readonly size_bytes: number;
  readonly total_fee_sats: number;
}

/** The view of the attached full node's mempool. All throw or reject with `UNAVAILABLE` when there is none yet. */
export interface MempoolPort {
  txids(most: number): readonly string[];
  has(txid: HashHex): boolean;
  size(): MempoolSize;
  transaction(txid: HashHex): Promise<ChainTransaction | undefined>;
  /** sat/vB for a confirmation within so many blocks, at least 1. */
  feeEstimate(targetBlocks: number): Promise<number>;
  /** Hands a transaction to the full node and answers its hash. */
  send(raw: Uint8Array): Promise<string>;
}

/** `mempool.*`. */
export function mempoolMethods(mempool: MempoolPort): NodeMethodTable {
  const read = (name: string, most: number, run: (params: Params) => unknown) =>
    method(`mempool.${name}`, { capability: "read_mempool", most, run: (_caller, params) => run(params) });
  return {
    ...read("getMempoolTransactions", 0, () => mempool.txids(MAX_HASHES)),
    ...read("getMempoolSize", 0, () => mempool.size()),
    ...read("checkTransactionInMempool", 1, (params) => mempool.has(params.hash(0, "hash"))),
    ...read(
      "getMempoolTransaction",
      1,
      async (params) => await mempool.transaction(params.hash(0, "hash")) ?? null,
    ),
    ...read("getFeeEstimate", 1, (params) => mempool.feeEstimate(targetParam(params))),
    ...method("mempool.sendTransaction", {
      capability: "send_transactions",
      most: 1,
      run: (_caller, params) => mempool.send(params.bytes(0, "transaction", MAX_TRANSACTION_BYTES)),
    }),
  };
}

function targetParam(params: Params): number {
  const target = params.wholeNumber({ target_blocks: params.at(0) }, "target_blocks");
  if (target !== undefined && target <= MAX_TARGET) return Math.max(1, target);
  throw params.fault(`'target_blocks' must be a whole number up to ${MAX_TARGET}`);
}
