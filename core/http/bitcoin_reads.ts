import { CommonsError, type HashHex } from "../base/mod.ts";
import type { FoundBlock, FoundTransaction, HeaderView } from "../chain/mod.ts";
import type { HttpBitcoin, HttpChain } from "./types.ts";

/** What must be configured for each part. */
const MISSING: Readonly<Record<keyof HttpBitcoin, string>> = {
  blocks: "no source of blocks is configured (chain.bitcoin_peers, chain.dns_seeds or chain.rpc_url)",
  fullNode: "no full node is configured (chain.rpc_url)",
  mempool: "no full node is configured (chain.rpc_url)",
  mining: "no full node is configured (chain.rpc_url)",
  peers: "no Bitcoin peers are configured (chain.bitcoin_peers or chain.dns_seeds)",
};

/** What the reads below are made with. */
export interface BitcoinReads {
  readonly chain: HttpChain;
  readonly bitcoin: HttpBitcoin;
}

interface Asking {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A part that is needed to do something.
 * @throws {CommonsError} `UNAVAILABLE` naming the settings that bring it
 */
export function needed<K extends keyof HttpBitcoin>(
  bitcoin: HttpBitcoin,
  part: K,
  what: string,
): NonNullable<HttpBitcoin[K]> {
  const found = bitcoin[part];
  if (found !== undefined) return found;
  throw new CommonsError("UNAVAILABLE", `Cannot ${what}: ${MISSING[part]}`);
}

/**
 * A block that was checked against its header.
 * @throws {CommonsError} `BLOCK_NOT_FOUND`, `BLOCK_NOT_AVAILABLE`, and those of `BlockService`
 */
export async function readBlock(
  { chain, bitcoin }: BitcoinReads,
  hash: HashHex,
  options: Asking = {},
): Promise<{ readonly header: HeaderView; readonly block: FoundBlock }> {
  const blocks = needed(bitcoin, "blocks", "read a block");
  const header = knownHeader(chain, hash, "Block not found");
  const block = await blocks.block(hash, options);
  if (block === undefined) throw notAvailable();
  return { header, block };
}

/**
 * A transaction of a named block, or of wherever the full node finds it.
 * @throws {CommonsError} `BLOCK_NOT_FOUND`, `BLOCK_NOT_AVAILABLE`, `TX_NOT_FOUND`, and those of `BlockService`
 */
export async function readTransaction(
  { chain, bitcoin }: BitcoinReads,
  txid: HashHex,
  options: Asking & { readonly blockHash?: HashHex | undefined } = {},
): Promise<FoundTransaction> {
  const { blockHash, signal } = options;
  const blocks = needed(bitcoin, "blocks", "find a transaction");
  if (blockHash === undefined) needed(bitcoin, "fullNode", "find a transaction without its block");
  else knownHeader(chain, blockHash, "Block hash not found");
  const found = await blocks.transaction(txid, options);
  if (found !== undefined) return found;
  if (blockHash === undefined) {
    throw new CommonsError("TX_NOT_FOUND", "No such mempool or blockchain transaction");
  }
  if (await blocks.block(blockHash, { signal }) === undefined) throw notAvailable();
  throw new CommonsError("TX_NOT_FOUND", "No such transaction found in the provided block");
}

/**
 * Proof that transactions are in a block; without its hash, in the one that the full node names for the first of them.
 * @throws {CommonsError} those of {@linkcode readTransaction}; `NO_TRANSACTIONS`, `TX_NOT_IN_BLOCK`
 */
export async function readProof(
  { chain, bitcoin }: BitcoinReads,
  txids: readonly HashHex[],
  options: Asking & { readonly blockHash?: HashHex | undefined } = {},
): Promise<{ readonly proof: Uint8Array; readonly blockHash: HashHex }> {
  const blocks = needed(bitcoin, "blocks", "make a proof");
  const [first] = txids;
  if (first === undefined) throw new CommonsError("NO_TRANSACTIONS", "Parameter 'txids' cannot be empty");
  const { signal } = options;
  const found = options.blockHash ?? (await readTransaction({ chain, bitcoin }, first, { signal })).blockHash;
  if (found === undefined) throw new CommonsError("TX_NOT_IN_BLOCK", "Transaction not yet in block");
  knownHeader(chain, found, "Block not found");
  const proof = await blocks.txOutProof(txids, found, { signal });
  if (proof === undefined) throw notAvailable();
  return { proof, blockHash: found };
}

/**
 * Hands a transaction to the full node.
 * @throws {CommonsError} `UNAVAILABLE`, those of `parseTransaction` and of `FullNode`; `SOURCE_FAULT` when the node names
 * another transaction
 */
export async function sendTransaction(
  bitcoin: HttpBitcoin,
  raw: Uint8Array,
  options: Asking = {},
): Promise<HashHex> {
  const fullNode = needed(bitcoin, "fullNode", "send a transaction");
  // A node that is not asked for it does without these formats.
  const { parseTransaction } = await import("../bitcoin/mod.ts");
  const { txid } = parseTransaction(raw);
  if (await fullNode.sendTransaction(raw, options) === txid) return txid;
  throw new CommonsError(
    "SOURCE_FAULT",
    "Cannot tell what became of it: the full node names another transaction",
  );
}

function knownHeader(chain: HttpChain, hash: HashHex, otherwise: string): HeaderView {
  const header = chain.header(hash);
  if (header !== undefined) return header;
  throw new CommonsError("BLOCK_NOT_FOUND", otherwise);
}

function notAvailable(): CommonsError {
  return new CommonsError("BLOCK_NOT_AVAILABLE", "Block not available (no source has it)");
}
