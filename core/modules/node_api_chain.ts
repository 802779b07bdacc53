import type { HashHex } from "../base/mod.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";

/** A header and its place; hashes are 64 hex digits in display order. */
export interface ChainHeader {
  readonly hash: string;
  readonly height: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  readonly version: number;
  readonly prev_block_hash: string;
  readonly merkle_root: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Compact target. */
  readonly bits: number;
  readonly nonce: number;
}

/** The best chain in numbers. */
export interface ChainInfo {
  readonly tip_hash: string;
  readonly height: number;
  readonly difficulty: number;
  /** Work of the whole chain in 64 hex digits. */
  readonly chain_work: string;
  readonly is_synced: boolean;
}

/** How far the chain has come. */
export interface SyncStatus {
  readonly phase: "initial" | "headers" | "synced";
  /** From 0 to 1. */
  readonly progress: number;
  readonly is_synced: boolean;
  readonly error_message: string | null;
}

/** The header chain as far as modules see it. */
export interface ChainPort {
  tip(): { readonly hash: string; readonly height: number };
  /** A known header, on the best chain or off it. */
  header(hash: HashHex): ChainHeader | undefined;
  info(): ChainInfo;
  syncStatus(): SyncStatus;
}

/** `chain.*`, as far as headers alone can answer it. */
export function chainMethods(chain: ChainPort): NodeMethodTable {
  const state = (name: string, run: () => unknown) =>
    method(`chain.${name}`, { capability: "read_chain_state", most: 0, run });
  return {
    ...method("chain.getBlockHeader", {
      capability: "read_blockchain",
      most: 1,
      run: (_caller, params) => chain.header(params.hash(0, "hash")) ?? null,
    }),
    ...state("getChainTip", () => chain.tip().hash),
    ...state("getBlockHeight", () => chain.tip().height),
    ...state("getChainInfo", () => chain.info()),
    ...state("getSyncStatus", () => chain.syncStatus()),
  };
}
