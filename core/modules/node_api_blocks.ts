import { type HashHex, tryHashHex } from "../base/mod.ts";
import type { ChainHeader } from "./node_api_chain.ts";
import type { Params } from "./node_api_params.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";

/** A transaction as modules see it; bytes are as on the wire. */
export interface ChainTransaction {
  readonly txid: string;
  readonly wtxid: string;
  readonly version: number;
  readonly lock_time: number;
  /** Bytes with witnesses. */
  readonly size: number;
  readonly weight: number;
  readonly inputs: readonly {
    readonly txid: string;
    readonly vout: number;
    readonly script_sig: Uint8Array;
    readonly sequence: number;
    readonly witness: readonly Uint8Array[];
  }[];
  readonly outputs: readonly {
    /** Satoshis. */
    readonly value: bigint;
    readonly script_pubkey: Uint8Array;
  }[];
  readonly raw: Uint8Array;
  /** Null in the mempool. */
  readonly block_hash: string | null;
  readonly height: number | null;
  /** 0 in the mempool; -1 in a block off the best chain. */
  readonly confirmations: number;
  /** True when the node has checked that the block of that hash contains it; else a full node said so. */
  readonly verified: boolean;
  /** True when its witnesses, and so `wtxid` and all of `raw`, are the block's too: a Merkle proof shows the txid alone. */
  readonly witness_verified: boolean;
}

/** A block whose proof of work, Merkle root and witness commitment the node has checked. */
export interface ChainBlock {
  readonly hash: string;
  readonly height: number;
  /** 1 for the tip; -1 off the best chain. */
  readonly confirmations: number;
  readonly header: ChainHeader;
  /** Bytes with witnesses. */
  readonly size: number;
  readonly weight: number;
  /** In order. */
  readonly txids: readonly string[];
  /** With witnesses, as on the wire. */
  readonly raw: Uint8Array;
}

/** An output that is not spent, as the attached full node says. */
export interface ChainUtxo {
  /** Satoshis. */
  readonly value: bigint;
  readonly script_pubkey: Uint8Array;
  /** Null when the full node's tip is not on the node's own chain. */
  readonly height: number | null;
  readonly is_coinbase: boolean;
  readonly verified: false;
}

/** Blocks and transactions on demand. All reject with `UNAVAILABLE` or `TIMEOUT` when nobody can be asked. */
export interface BlocksPort {
  block(hash: HashHex): Promise<ChainBlock | undefined>;
  blockAt(height: number): Promise<ChainBlock | undefined>;
  transaction(txid: HashHex): Promise<ChainTransaction | undefined>;
  utxo(txid: HashHex, index: number): Promise<ChainUtxo | undefined>;
}

/** `chain.*` about what is in blocks. */
export function blockMethods(blocks: BlocksPort): NodeMethodTable {
  const read = (name: string, run: (params: Params) => Promise<unknown>) =>
    method(`chain.${name}`, {
      capability: "read_blockchain",
      most: 1,
      run: (_caller, params) => run(params),
    });
  return {
    ...read("getBlock", async (params) => await blocks.block(params.hash(0, "hash")) ?? null),
    ...read("getBlockByHeight", async (params) => await blocks.blockAt(heightParam(params)) ?? null),
    ...read("getTransaction", async (params) => await blocks.transaction(params.hash(0, "hash")) ?? null),
    ...read(
      "hasTransaction",
      async (params) => await blocks.transaction(params.hash(0, "hash")) !== undefined,
    ),
    ...method("chain.getUtxo", {
      capability: "read_utxo",
      most: 1,
      run: (_caller, params) => utxo(blocks, params),
    }),
  };
}

async function utxo(blocks: BlocksPort, params: Params): Promise<ChainUtxo | null> {
  const outpoint = params.asRecord(params.at(0), "outpoint");
  const { hash } = outpoint;
  const txid = typeof hash === "string" && hash.length === 64 ? tryHashHex(hash.toLowerCase()) : undefined;
  if (txid === undefined) throw params.fault("'hash' must be 64 hex digits");
  const index = params.wholeNumber(outpoint, "index");
  if (index === undefined || index > 0xffff_ffff) {
    throw params.fault("'index' must be a whole number below 2^32");
  }
  return await blocks.utxo(txid, index) ?? null;
}

function heightParam(params: Params): number {
  const height = params.wholeNumber({ height: params.at(0) }, "height");
  if (height === undefined) throw params.fault("'height' must be a whole number from 0");
  return height;
}
