import {
  afterTurn,
  type BitcoinNetwork,
  CommonsError,
  type HashHex,
  isCommonsError,
} from "../../base/mod.ts";
import type { Transaction } from "../../bitcoin/mod.ts";
import type { FoundBlock, HeaderView } from "../../chain/mod.ts";
import { needed, readBlock, readProof } from "../bitcoin_reads.ts";
import type { HttpBitcoin, HttpChain } from "../types.ts";
import { headerView } from "./chain_methods.ts";
import { hashParam, hexParam, optionalHash, verbosityParam } from "./params.ts";
import type { RpcMethod } from "./rpc_method.ts";
import { transactionView } from "./transaction_view.ts";

/** Bytes that are no proof at all, which is not the same as a proof that shows nothing. */
const UNREADABLE: ReadonlySet<string> = new Set([
  "NOT_CANONICAL",
  "TOO_LARGE",
  "TRAILING_BYTES",
  "TRUNCATED",
]);

/** Transactions that are described before others have their turn. */
const PER_TURN = 200;

/** Methods about blocks and proofs: names, results, texts and error numbers as in Bitcoin Core. */
export function blockMethods(chain: HttpChain, bitcoin: HttpBitcoin): readonly RpcMethod[] {
  return [
    {
      name: "getblock",
      params: [
        { name: "blockhash", about: "hash of the block" },
        { name: "verbosity", about: "0: hex; 1 (default): with txids; 2: with transactions", optional: true },
      ],
      help:
        "A block, checked against its header: its transactions and witnesses are the ones that the header " +
        "means. Whether they may spend what they spend is not checked. Fees are not known.",
      admin: false,
      large: true,
      handler: async ([hash, verbosity]) => {
        const wanted = verbosityParam(verbosity, { name: "verbosity", fallback: 1, most: 2 });
        const { block, header } = await readBlock({ chain, bitcoin }, hashParam(hash, "blockhash"));
        return wanted === 0 ? block.raw.toHex() : await blockView({ chain, header, block }, wanted);
      },
    },
    {
      name: "gettxoutproof",
      params: [
        { name: "txids", about: "hashes of transactions of one block" },
        { name: "blockhash", about: "their block; else the full node is asked", optional: true },
      ],
      help: "Proof as hex that transactions are in a block, made from the checked block.",
      admin: false,
      handler: async ([txids, blockhash]) =>
        await proofOf({ chain, bitcoin }, {
          txids: txidList(txids),
          blockHash: optionalHash(blockhash, "blockhash"),
        }),
    },
    {
      name: "verifytxoutproof",
      params: [{ name: "proof", about: "hex of gettxoutproof" }],
      help:
        "The txids that a proof shows to be in the best chain, [] when it shows none. A txid is a node of the " +
        "block's Merkle tree: that it is a transaction only its bytes can show.",
      admin: false,
      handler: ([proof]) => verifyProof(bitcoin, hexParam(proof, "proof")),
    },
  ];
}

interface BlockParts {
  readonly chain: HttpChain;
  readonly header: HeaderView;
  readonly block: FoundBlock;
}

async function blockView({ chain, header, block: { parsed } }: BlockParts, verbosity: number) {
  return {
    ...headerView(chain, header),
    nTx: parsed.transactions.length,
    strippedsize: parsed.strippedSize,
    size: parsed.size,
    weight: parsed.weight,
    tx: verbosity === 1
      ? parsed.transactions.map(({ txid }) => txid)
      : await describeAll(parsed.transactions, chain.params.network),
  };
}

/** Describing a full block takes some tenths of a second: others have their turn in between. */
async function describeAll(transactions: readonly Transaction[], network: BitcoinNetwork) {
  const described: unknown[] = [];
  for (const [i, transaction] of transactions.entries()) {
    if (i % PER_TURN === PER_TURN - 1) await new Promise<void>((resolve) => afterTurn(resolve));
    described.push({ ...transactionView(transaction, network), hex: transaction.raw.toHex() });
  }
  return described;
}

function txidList(value: unknown): readonly HashHex[] {
  if (!Array.isArray(value)) throw new CommonsError("INVALID_PARAMS", "Cannot use txids: must be a list");
  const txids = value.map((txid: unknown) => hashParam(txid, "txid"));
  const twice = txids.find((txid, i) => txids.indexOf(txid, i + 1) !== -1);
  if (twice === undefined) return txids;
  throw new CommonsError("INVALID_PARAMETER", `Invalid parameter, duplicated txid: ${twice}`);
}

async function proofOf(
  reads: { readonly chain: HttpChain; readonly bitcoin: HttpBitcoin },
  { txids, blockHash }: { readonly txids: readonly HashHex[]; readonly blockHash: HashHex | undefined },
): Promise<string> {
  try {
    return (await readProof(reads, txids, { blockHash })).proof.toHex();
  } catch (cause) {
    if (!isCommonsError(cause, "TX_NOT_IN_BLOCK") || cause.message === "Transaction not yet in block") {
      throw cause;
    }
    const text = "Not all transactions found in specified or retrieved block";
    throw new CommonsError("TX_NOT_IN_BLOCK", text, { cause });
  }
}

function verifyProof(bitcoin: HttpBitcoin, bytes: Uint8Array | undefined): readonly HashHex[] {
  const blocks = needed(bitcoin, "blocks", "verify a proof");
  try {
    if (bytes !== undefined) return blocks.verifyTxOutProof(bytes).txids;
  } catch (cause) {
    if (!isCommonsError(cause)) throw cause;
    if (cause.code.startsWith("PROOF_")) return [];
    if (cause.code === "UNKNOWN_BLOCK" || cause.code === "STALE_BLOCK") {
      throw new CommonsError(cause.code, "Block not found in chain", { cause });
    }
    if (!UNREADABLE.has(cause.code)) throw cause;
  }
  throw new CommonsError("PROOF_DECODE_FAILED", "Proof decode failed");
}
