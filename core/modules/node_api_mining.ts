import type { ModuleName } from "../base/mod.ts";
import type { Params } from "./node_api_params.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";

const MAX_BLOCK_BYTES = 4_000_000;
const MAX_RULES = 32;
const MAX_SCRIPT_BYTES = 10_000;

/** What became of a block. */
export interface BlockSubmission {
  readonly status: "accepted" | "rejected" | "duplicate";
  /** The full node's own word, such as `bad-txnmrklroot`; null unless rejected. */
  readonly reason: string | null;
}

export interface TemplateRequest {
  /** Rules that the caller knows, such as `segwit`. */
  readonly rules: readonly string[];
  /** Where the reward goes: then the answer has `coinbase_transaction`. */
  readonly coinbaseScript?: Uint8Array | undefined;
}

/** Mining through the attached full node. All reject with `UNAVAILABLE` while it does not answer. */
export interface MiningPort {
  /** The full node's `getblocktemplate` answer, with `coinbase_transaction` (bytes) when a script was given. */
  template(request: TemplateRequest): Promise<unknown>;
  /** Checks the block, then hands it to the full node. @throws {CommonsError} `INVALID_PARAMS` for what is no block */
  submit(block: Uint8Array): Promise<BlockSubmission>;
}

/** Blocks that come by other ways than the node's own. */
export interface InboundBlocksPort {
  /**
   * Takes a block that a module got elsewhere: its header into the chain, the block to the full node if there is one.
   * @throws {CommonsError} `INVALID_PARAMS`, `RATE_LIMITED`
   */
  queue(block: Uint8Array, module: ModuleName): Promise<void>;
}

/** `mining.*`. */
export function miningMethods(mining: MiningPort): NodeMethodTable {
  return {
    ...method("mining.getBlockTemplate", {
      capability: "read_blockchain",
      most: 3,
      run: (_caller, params) =>
        mining.template({ rules: rulesParam(params), coinbaseScript: scriptParam(params) }),
    }),
    ...method("mining.submitBlock", {
      capability: "submit_block",
      most: 1,
      run: (_caller, params) => mining.submit(params.bytes(0, "block", MAX_BLOCK_BYTES)),
    }),
  };
}

/** `mining.queueReceivedBlockBytes`. */
export function inboundBlockMethods(blocks: InboundBlocksPort): NodeMethodTable {
  return method("mining.queueReceivedBlockBytes", {
    capability: "queue_inbound_block",
    most: 1,
    run: ({ name }, params) => blocks.queue(params.bytes(0, "block", MAX_BLOCK_BYTES), name),
  });
}

function rulesParam(params: Params): readonly string[] {
  const value = params.at(0) ?? ["segwit"];
  return params.asList(value, "rules", MAX_RULES).map((rule) => {
    if (typeof rule === "string" && /^!?[a-z0-9_-]{1,32}$/.test(rule)) return rule;
    throw params.fault("'rules' must be names of rules");
  });
}

/** A script in bytes, or `hex:` and its digits in the address's place. */
function scriptParam(params: Params): Uint8Array | undefined {
  const script = params.at(1) ?? undefined;
  const address = params.optionalText(2, "coinbase_address", 2 * MAX_SCRIPT_BYTES + 4);
  if (script !== undefined && address !== undefined) {
    throw params.fault("'coinbase_script' and 'coinbase_address' exclude each other");
  }
  if (script !== undefined) return params.bytes(1, "coinbase_script", MAX_SCRIPT_BYTES);
  if (address === undefined) return undefined;
  const hex = /^hex:((?:[0-9a-f]{2})+)$/i.exec(address)?.[1];
  if (hex !== undefined) return Uint8Array.fromHex(hex);
  throw params.fault("'coinbase_address' must be 'hex:' and a script; addresses are the wallet's affair");
}
