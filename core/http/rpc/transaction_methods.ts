import { type BitcoinNetwork, CommonsError, isCommonsError } from "../../base/mod.ts";
import type { Transaction } from "../../bitcoin/mod.ts";
import type { FoundTransaction, FoundUtxo } from "../../chain/mod.ts";
import { type BitcoinReads, needed, readTransaction, sendTransaction } from "../bitcoin_reads.ts";
import type { HttpBitcoin, HttpChain } from "../types.ts";
import { btcAmount } from "./btc_amount.ts";
import { countParam, hashParam, hexParam, optionalHash, switchParam, verbosityParam } from "./params.ts";
import type { RpcMethod } from "./rpc_method.ts";
import { scriptView, transactionView } from "./transaction_view.ts";

/** Methods about transactions and outputs, as in Bitcoin Core. */
export function transactionMethods(chain: HttpChain, bitcoin: HttpBitcoin): readonly RpcMethod[] {
  const { network } = chain.params;
  return [
    {
      name: "getrawtransaction",
      params: [
        { name: "txid", about: "hash of the transaction" },
        { name: "verbosity", about: "0 (default): hex; 1: fields", optional: true },
        { name: "blockhash", about: "block that has it; else the full node is asked", optional: true },
      ],
      help: "A transaction. verified: it was shown to be in its block; witness_verified: its witnesses, too.",
      admin: false,
      large: true,
      handler: async ([txid, verbosity, blockhash]) => {
        const wanted = verbosityParam(verbosity, { name: "verbosity", fallback: 0, most: 1 });
        const blockHash = optionalHash(blockhash, "blockhash");
        const found = await readTransaction({ chain, bitcoin }, hashParam(txid, "txid"), { blockHash });
        return wanted === 0 ? found.raw.toHex() : foundView(chain, found, blockHash !== undefined);
      },
    },
    {
      name: "gettxout",
      params: [
        { name: "txid", about: "hash of the transaction" },
        { name: "n", about: "number of its output" },
        { name: "include_mempool", about: "must be false, the default here", optional: true },
      ],
      help:
        "An output that nobody has spent, null for another. The full node's word, which nothing here can check " +
        "(verified: false); what the mempool makes or spends does not count.",
      admin: false,
      handler: async ([txid, n, includeMempool]) =>
        await txOut({ chain, bitcoin }, { txid, n, includeMempool }),
    },
    {
      name: "decoderawtransaction",
      params: [
        { name: "hexstring", about: "transaction as hex" },
        { name: "iswitness", about: "whether it has witnesses; found out anyway", optional: true },
      ],
      help: "Fields of a transaction. Nothing about it is checked but its form.",
      admin: false,
      large: true,
      handler: async ([hexstring, iswitness]) => {
        switchParam(iswitness, "iswitness", true);
        const { parsed } = await decode(hexstring, "TX decode failed");
        return transactionView(parsed, network);
      },
    },
    {
      name: "sendrawtransaction",
      params: [{ name: "hexstring", about: "transaction as hex" }],
      help: "Hands a transaction to the full node, which decides by its own limits. Answers its txid.",
      admin: true,
      handler: async ([hexstring]) => {
        needed(bitcoin, "fullNode", "send a transaction");
        const words = "TX decode failed. Make sure the tx has at least one input.";
        return await sendTransaction(bitcoin, (await decode(hexstring, words)).bytes);
      },
    },
  ];
}

function foundView(chain: HttpChain, found: FoundTransaction, named: boolean) {
  const { blockHash, confirmations, verified, witnessVerified } = found;
  const header = blockHash === undefined ? undefined : chain.header(blockHash);
  return {
    ...(named && { in_active_chain: (confirmations ?? -1) > 0 }),
    ...transactionView(found.parsed, chain.params.network),
    hex: found.raw.toHex(),
    ...(blockHash !== undefined && { blockhash: blockHash, confirmations: Math.max(0, confirmations ?? 0) }),
    ...(header !== undefined && { time: header.time, blocktime: header.time }),
    verified,
    witness_verified: witnessVerified,
  };
}

async function txOut(
  { chain, bitcoin }: BitcoinReads,
  given: { readonly txid: unknown; readonly n: unknown; readonly includeMempool: unknown },
) {
  const outpoint = { txid: hashParam(given.txid, "txid"), index: countParam(given.n, "n") };
  if (switchParam(given.includeMempool, "include_mempool", false)) {
    throw new CommonsError(
      "INVALID_PARAMETER",
      "Cannot use include_mempool: only outputs of blocks are known",
    );
  }
  needed(bitcoin, "fullNode", "find an output");
  const found = await needed(bitcoin, "blocks", "find an output").utxo(outpoint);
  return found === undefined ? null : utxoView(found, chain.params.network);
}

function utxoView(
  { bestBlock, confirmations, sats, scriptPubKey, coinbase, verified }: FoundUtxo,
  network: BitcoinNetwork,
) {
  return {
    bestblock: bestBlock,
    confirmations,
    value: btcAmount(sats),
    scriptPubKey: scriptView(scriptPubKey, network),
    coinbase,
    verified,
  };
}

async function decode(
  hex: unknown,
  words: string,
): Promise<{ readonly bytes: Uint8Array; readonly parsed: Transaction }> {
  const bytes = hexParam(hex, "hexstring");
  // A node that is not asked for it does without these formats.
  const { parseTransaction } = await import("../../bitcoin/mod.ts");
  try {
    if (bytes !== undefined) return { bytes, parsed: parseTransaction(bytes) };
  } catch (cause) {
    if (!isCommonsError(cause)) throw cause;
    throw new CommonsError("TX_DECODE_FAILED", words, { cause });
  }
  throw new CommonsError("TX_DECODE_FAILED", words);
}
