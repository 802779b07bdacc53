import { CommonsError, isCommonsError } from "../../base/mod.ts";
import type { MempoolEntry } from "../../chain/mod.ts";
import { needed } from "../bitcoin_reads.ts";
import type { HttpBitcoin } from "../types.ts";
import { btcAmount } from "./btc_amount.ts";
import { countParam, hashParam, switchParam } from "./params.ts";
import { type RpcMethod, textParam } from "./rpc_method.ts";

/** More are not described in one answer. */
const MAX_DESCRIBED = 100_000;
const MODES = ["unset", "economical", "conservative"];

/** Methods about the mempool of the attached full node, as in Bitcoin Core. Nothing of it is verified. */
export function mempoolMethods(bitcoin: HttpBitcoin): readonly RpcMethod[] {
  const mempool = () => needed(bitcoin, "mempool", "read the mempool");
  return [
    {
      name: "getmempoolinfo",
      params: [],
      help: "The full node's mempool in numbers. bytes are virtual. truncated: the node has more.",
      admin: false,
      handler: () => mempoolInfo(mempool()),
    },
    {
      name: "getrawmempool",
      params: [{ name: "verbose", about: "true: with sizes, fees and times; default false", optional: true }],
      help:
        `The transactions of the full node's mempool; with verbose, when they are at most ${MAX_DESCRIBED}.`,
      admin: false,
      large: true,
      handler: ([verbose]) => rawMempool(mempool(), switchParam(verbose, "verbose", false)),
    },
    {
      name: "getmempoolentry",
      params: [{ name: "txid", about: "hash of the transaction" }],
      help: "A transaction of the full node's mempool.",
      admin: false,
      handler: ([txid]) => {
        const entry = mempool().entry(hashParam(txid, "txid"));
        if (entry !== undefined) return { ...entryView(entry), verified: false };
        throw new CommonsError("TX_NOT_FOUND", "Transaction not in mempool");
      },
    },
    {
      name: "estimatesmartfee",
      params: [
        { name: "conf_target", about: "blocks within which it is to be confirmed, 1 to 1008" },
        {
          name: "estimate_mode",
          about: "unset, economical, conservative: all the same here",
          optional: true,
        },
      ],
      help:
        "Fee in BTC per 1,000 virtual bytes: the full node's estimate, or what its mempool asks for (from).",
      admin: false,
      handler: async ([target, mode]) => await smartFee(mempool(), target, mode),
    },
  ];
}

type Mempool = NonNullable<HttpBitcoin["mempool"]>;

function mempoolInfo(mempool: Mempool) {
  const { transaction_count, size_bytes, total_fee_sats } = mempool.size();
  return {
    loaded: mempool.available(),
    size: transaction_count,
    bytes: size_bytes,
    total_fee: btcAmount(BigInt(total_fee_sats)),
    truncated: mempool.truncated,
    verified: false,
  };
}

function rawMempool(mempool: Mempool, verbose: boolean): unknown {
  const txids = mempool.txids();
  if (!verbose) return txids;
  if (txids.length > MAX_DESCRIBED) {
    throw new CommonsError(
      "RESULT_TOO_LARGE",
      `Cannot describe ${txids.length} transactions in one answer: at most ${MAX_DESCRIBED}; use getmempoolentry`,
    );
  }
  return Object.fromEntries(txids.flatMap((txid) => {
    const entry = mempool.entry(txid);
    return entry === undefined ? [] : [[txid, entryView(entry)]];
  }));
}

function entryView({ vsize, time, feeSats }: MempoolEntry) {
  return { vsize, time, fees: { base: btcAmount(feeSats) } };
}

async function smartFee(mempool: Mempool, target: unknown, mode: unknown) {
  const blocks = countParam(target, "conf_target");
  if (
    mode !== undefined && mode !== null && !MODES.includes(textParam(mode, "estimate_mode").toLowerCase())
  ) {
    throw new CommonsError(
      "INVALID_PARAMETER",
      'Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"',
    );
  }
  try {
    const { satPerVbyte, from } = await mempool.feeEstimate(blocks);
    return {
      feerate: btcAmount(BigInt(Math.ceil(satPerVbyte * 1_000 - 1e-6))),
      blocks,
      from,
      verified: false,
    };
  } catch (cause) {
    if (!isCommonsError(cause, "INVALID_TARGET")) throw cause;
    throw new CommonsError("INVALID_TARGET", "Invalid conf_target, must be between 1 and 1008", { cause });
  }
}
