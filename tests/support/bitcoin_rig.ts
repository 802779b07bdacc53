/** What the tests of blocks, transactions, mempool and mining share: a mined chain and parts that are made by hand. */
import { blockRig, FakeNode, FakeSource } from "./block_rig.ts";
import { madeTransaction, madeTransactions } from "./blocks.ts";
import { CommonsError, type HashHex } from "../../core/base/mod.ts";
import { parseTransaction } from "../../core/bitcoin/mod.ts";
import type { MempoolEntry } from "../../core/chain/mod.ts";
import { BEARER, fakeService } from "../../core/http/test_fakes.ts";
import type { HttpBitcoin } from "../../core/http/types.ts";

/** In the mempool. */
export const WAITING = "aa".repeat(32) as HashHex;
const ENTRY: MempoolEntry = { txid: WAITING, feeSats: 1n, vsize: 141, time: 1_700_000_000 };
/** Known to nobody. */
export const NOWHERE = "ab".repeat(32) as HashHex;
/** What the full node refuses, by its lock time. */
const REFUSED_LOCK_TIME = 13;
/** What it takes for another one. */
const OTHER_LOCK_TIME = 14;

export function fakeMempool(count = 1): NonNullable<HttpBitcoin["mempool"]> {
  return {
    available: () => true,
    truncated: false,
    size: () => ({ transaction_count: count, size_bytes: 141, total_fee_sats: 1 }),
    entry: (txid) => txid === WAITING ? ENTRY : undefined,
    txids: () => Array.from({ length: count }, () => WAITING),
    feeEstimate(targetBlocks) {
      if (targetBlocks >= 1 && targetBlocks <= 1008) {
        return Promise.resolve({ satPerVbyte: 12.345, from: "node" });
      }
      return Promise.reject(new CommonsError("INVALID_TARGET", "Cannot estimate a fee: no such target"));
    },
  };
}

export const NODE_STATUS = {
  state: "up",
  why: undefined,
  info: { chain: "regtest", blocks: 2, headers: 2, pruned: false, initialDownload: false },
} as const;

export const BITCOIN_PEER = {
  address: "127.0.0.1:18444",
  origin: "config",
  state: "ready",
  userAgent: "/other:1/",
  syncing: false,
} as const;

function fakeMining(): NonNullable<HttpBitcoin["mining"]> {
  return {
    template: ({ rules }) => Promise.resolve({ version: 1, rules, longpollid: "x" }),
    submit(raw) {
      if (raw.length < 80) return Promise.reject(new CommonsError("INVALID_PARAMS", "Cannot take the block"));
      if (raw[0] === 1) return Promise.resolve({ status: "rejected", reason: "bad-cb-amount" });
      return Promise.resolve({ status: raw[0] === 2 ? "duplicate" : "accepted", reason: null });
    },
  };
}

/**
 * Three blocks of regtest, the second with three transactions, the third nowhere to be had, and the API on them. `parts` are
 * those that are configured.
 */
export async function bitcoinRig(parts: readonly (keyof HttpBitcoin)[] = ALL) {
  const source = new FakeSource("bitcoin-p2p");
  const node = new FakeNode("rpc");
  const rig = await blockRig({ sources: [source], ...(parts.includes("fullNode") && { fullNode: node }) });
  const transactions = madeTransactions(3);
  const first = await rig.mine();
  const block = await rig.mine({ transactions });
  const away = await rig.mine(); // no source has it
  for (const one of [source, node]) {
    one.answer = (hash) => hash === away.hash ? undefined : rig.blocks.get(hash)?.raw;
  }
  node.transactions = (txid) => {
    const found = transactions.find((transaction) => transaction.txid === txid);
    return found && { raw: found.raw, blockHash: block.hash };
  };
  node.utxos = () => ({
    sats: 1n,
    scriptPubKey: Uint8Array.fromHex(`0014${"11".repeat(20)}`),
    confirmations: 2,
    coinbase: false,
    bestBlock: away.hash,
  });
  const all: Required<HttpBitcoin> = {
    blocks: rig.service,
    fullNode: {
      status: () => NODE_STATUS,
      sendTransaction: (raw) =>
        raw.at(-4) === REFUSED_LOCK_TIME
          ? Promise.reject(
            new CommonsError("REFUSED", "Cannot do this at the full node: missing inputs", {
              detail: { rpcCode: -25 },
            }),
          )
          : Promise.resolve(raw.at(-4) === OTHER_LOCK_TIME ? WAITING : parseTransaction(raw).txid),
    },
    mempool: fakeMempool(),
    mining: fakeMining(),
    peers: { peers: () => [BITCOIN_PEER] },
  };
  const bitcoin: HttpBitcoin = Object.fromEntries(parts.map((part) => [part, all[part]]));
  const { app } = fakeService({}, { chain: rig.chain, bitcoin });
  return {
    ...rig,
    app,
    node,
    first,
    block,
    away,
    transactions,
    refusedTransaction: madeTransaction({ lockTime: REFUSED_LOCK_TIME }).raw.toHex(),
    otherTransaction: madeTransaction({ lockTime: OTHER_LOCK_TIME }).raw.toHex(),
    async ask(path: string, body?: unknown) {
      const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: BEARER };
      const response = await app.request(`/api/v1${path}`, init);
      return [response.status, await response.json()] as const;
    },
    /** Result of a call, or its error. */
    async rpc(method: string, params: unknown = []) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const response = await app.request("/rpc", { method: "POST", body, headers: BEARER });
      const answer = await response.json();
      return answer.error ?? answer.result;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const ALL: readonly (keyof HttpBitcoin)[] = ["blocks", "fullNode", "mempool", "mining", "peers"];
