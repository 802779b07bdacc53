/** A full node of someone else's, asked over JSON-RPC. */
import { expect } from "expect";
import { doubleSha256, type HashHex, serializeHeader, systemClock } from "../../core/base/mod.ts";
import { checkBlock, merkleRoot, parseBlock, parseTransaction } from "../../core/bitcoin/mod.ts";
import { silentLogger, testChain } from "../../core/chain/_fixture.ts";
import { createMining } from "../../core/chain/mining/mining.ts";
import { createFullNode, type RpcFullNode } from "../../core/chain/full_node/full_node.ts";
import { blockBytes } from "../support/blocks.ts";
import { mineHeader } from "../support/mining.ts";
import { ANYONE, type AnyoneOutput, spendToAnyone } from "./anyone.ts";
import type { BitcoinNode, BitcoinProgram } from "./bitcoin_node.ts";

/** Blocks until the first reward may be spent. */
export const MATURE = 101;
const FEE = 1_000n;

export function attach(node: BitcoinNode): RpcFullNode {
  return createFullNode({ clock: systemClock, logger: silentLogger }, {
    url: node.rpcUrl,
    network: "regtest",
    user: node.user,
    password: node.password,
  });
}

/** The reward of a block that `node` mined. */
export async function rewardOf(node: BitcoinNode, hash: string): Promise<AnyoneOutput> {
  return rewardIn(node, Uint8Array.fromHex(String(await node.rpc("getblock", hash, 0))));
}

/** The same of the block's bytes. */
export function rewardIn({ rewards }: BitcoinNode, raw: Uint8Array): AnyoneOutput {
  const [coinbase] = parseBlock(raw).transactions;
  for (const [index, { sats, scriptPubKey }] of coinbase?.outputs.entries() ?? []) {
    const script = rewards.find(({ output }) => output === scriptPubKey.toHex());
    if (coinbase && script) return { txid: coinbase.txid, index, sats, witness: script.witness };
  }
  throw new Error("Cannot test: the block pays to nobody");
}

export async function readsBlocks(program: BitcoinProgram): Promise<void> {
  await using node = await program.start();
  const fullNode = attach(node);
  try {
    const [first = ""] = await node.mine(3);
    expect(await fullNode.bestBlock()).toEqual(await node.tip());
    expect(await fullNode.hashesAt([1, 4])).toEqual([first, undefined]);
    const raw = await fullNode.block(first as HashHex);
    const block = parseBlock(raw ?? new Uint8Array());
    checkBlock(block, { height: 1 });
    expect(block.hash).toBe(first);
    expect(await fullNode.headers([block.hash])).toEqual(new Uint8Array(block.headerBytes));
    expect(await fullNode.blockTxids(block.hash)).toEqual(block.transactions.map(({ txid }) => txid));
    expect(await fullNode.block("12".repeat(32) as HashHex)).toBeUndefined();
    expect(await fullNode.blockTxids("12".repeat(32) as HashHex)).toBeUndefined();
  } finally {
    await fullNode.stop();
  }
}

export async function readsTransactions(program: BitcoinProgram): Promise<void> {
  await using node = await program.start();
  const fullNode = attach(node);
  try {
    const [first = ""] = await node.mine(MATURE);
    const reward = await rewardOf(node, first);
    const outpoint = { txid: reward.txid as HashHex, index: reward.index };
    expect(await fullNode.utxo(outpoint)).toMatchObject({
      sats: reward.sats,
      scriptPubKey: Uint8Array.fromHex(node.rewards[0]?.output ?? ""),
      confirmations: MATURE,
      coinbase: true,
      bestBlock: (await node.tip()).hash,
    });
    const spend = parseTransaction(Uint8Array.fromHex(spendToAnyone(reward, FEE)));
    expect(await fullNode.transaction(spend.txid)).toBeUndefined();
    expect(await fullNode.mempool()).toEqual([]);
    expect(await fullNode.sendTransaction(spend.raw)).toBe(spend.txid);
    expect(await fullNode.mempool()).toMatchObject([{ txid: spend.txid, feeSats: FEE, vsize: spend.vsize }]);
    const waiting = await fullNode.transaction(spend.txid);
    expect([waiting?.raw, waiting?.blockHash]).toEqual([new Uint8Array(spend.raw), undefined]);
    const again = parseTransaction(Uint8Array.fromHex(spendToAnyone(reward, FEE - 1n)));
    await expect(fullNode.sendTransaction(again.raw)).rejects.toMatchObject({ code: "REFUSED" });
    expect(await fullNode.feeRate(6).then((rate) => rate === undefined || rate > 0)).toBe(true);
    const [block = ""] = await node.mine(1);
    expect(await fullNode.mempool()).toEqual([]);
    expect(await fullNode.transaction(spend.txid)).toMatchObject({ blockHash: block });
    const there = await fullNode.transaction(spend.txid, { blockHash: block as HashHex });
    expect(there?.raw).toEqual(new Uint8Array(spend.raw));
    expect(await fullNode.utxo(outpoint)).toBeUndefined();
  } finally {
    await fullNode.stop();
  }
}

export interface Template {
  readonly version: number;
  readonly previousblockhash: string;
  readonly curtime: number;
  readonly bits: string;
  readonly height: number;
  readonly transactions: readonly { readonly data: string }[];
  readonly coinbase_transaction: Uint8Array;
}

/** A block of what the template says, with real work. */
export function mineTemplate(template: Template): Uint8Array<ArrayBuffer> {
  const transactions = [
    parseTransaction(template.coinbase_transaction),
    ...template.transactions.map(({ data }) => parseTransaction(Uint8Array.fromHex(data))),
  ];
  const header = serializeHeader({
    version: template.version,
    previous: Uint8Array.fromHex(template.previousblockhash).reverse(),
    merkleRoot: merkleRoot(transactions.map(({ hash }) => hash)).root,
    time: template.curtime,
    bits: Number.parseInt(template.bits, 16),
    nonce: 0,
  });
  mineHeader(header);
  return blockBytes(header, transactions);
}

export async function minesBlocks(program: BitcoinProgram): Promise<void> {
  await using node = await program.start();
  await using t = await testChain({ clock: systemClock });
  const fullNode = attach(node);
  try {
    const [first = ""] = await node.mine(MATURE);
    for (let height = 1; height <= MATURE; height++) {
      const [hash] = await fullNode.hashesAt([height]);
      await t.chain.accept(await fullNode.headers(hash === undefined ? [] : [hash]), { lowWork: "store" });
    }
    const spend = parseTransaction(
      Uint8Array.fromHex(spendToAnyone(await rewardOf(node, first), FEE)),
    );
    await fullNode.sendTransaction(spend.raw);
    const mining = createMining({ chain: t.chain, fullNode, logger: silentLogger });
    const template = await mining.template({
      rules: ["segwit"],
      coinbaseScript: Uint8Array.fromHex(ANYONE.output),
    }) as Template;
    expect(template).toMatchObject({ height: MATURE + 1, previousblockhash: t.chain.tip().hash });
    expect(template.transactions.map(({ data }) => data)).toEqual([spend.raw.toHex()]);
    const raw = mineTemplate(template);
    const hash = doubleSha256(raw.subarray(0, 80)).toReversed().toHex();
    const damaged = raw.slice();
    damaged[damaged.length - 1] = 1; // the lock time of the spend
    await expect(mining.submit(damaged)).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    expect(await mining.submit(raw)).toEqual({ status: "accepted", reason: null });
    expect(await node.tip()).toEqual({ height: MATURE + 1, hash });
    expect(t.chain.tip()).toMatchObject({ height: MATURE + 1, hash });
    expect(await fullNode.transaction(spend.txid)).toMatchObject({ blockHash: hash });
    expect(await mining.submit(raw)).toEqual({ status: "duplicate", reason: null });
    // a second one that mines the same reward again: its own form is right, the node knows better
    const stale = mineTemplate({ ...template, curtime: template.curtime + 1, bits: "207ffffe" });
    expect(await mining.submit(stale)).toMatchObject({ status: "rejected" });
  } finally {
    await fullNode.stop();
  }
}
