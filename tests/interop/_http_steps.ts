/** What this node's JSON-RPC answers, beside what someone else's full node answers to the same call. */
import { expect } from "expect";
import { systemClock } from "../../core/base/mod.ts";
import { silentLogger, testChain } from "../../core/chain/_fixture.ts";
import { createBlockService } from "../../core/chain/blocks/block_service.ts";
import { createMempoolView } from "../../core/chain/mempool/mempool_view.ts";
import { createMining } from "../../core/chain/mining/mining.ts";
import { BEARER, fakeService } from "../../core/http/test_fakes.ts";
import { eventually } from "../support/eventually.ts";
import { spendToAnyone } from "./anyone.ts";
import type { BitcoinProgram } from "./bitcoin_node.ts";
import { startPeers } from "./_peer_steps.ts";
import { attach, MATURE, rewardOf } from "./_rpc_steps.ts";

type Fields = Readonly<Record<string, unknown>>;

async function startBoth(program: BitcoinProgram, stack: AsyncDisposableStack) {
  const node = stack.use(await program.start());
  const t = stack.use(await testChain({ clock: systemClock }));
  const [first = ""] = await node.mine(MATURE);
  const fullNode = attach(node);
  stack.defer(() => fullNode.stop());
  const { peers } = stack.use(startPeers([node], t));
  const shared = { chain: t.chain, clock: systemClock, logger: silentLogger };
  const blocks = createBlockService({
    ...shared,
    desk: { noteRefused() {} },
    sources: () => [peers],
    fullNode,
  });
  stack.defer(() => blocks.close());
  const mempool = createMempoolView({ ...shared, source: fullNode, events: t.bus }, { pollMs: 300 });
  stack.defer(() => mempool.stop());
  const mining = createMining({ ...shared, fullNode });
  const { app } = fakeService({}, { chain: t.chain, bitcoin: { blocks, fullNode, mempool, mining, peers } });
  const ours = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await (await app.request("/rpc", { method: "POST", headers: BEARER, body })).json();
    return answer.error ?? answer.result;
  };
  const follows = () =>
    eventually("the tip of the node", async () => t.chain.tip().hash === (await node.tip()).hash);
  await follows();
  return { node, first, ours, follows };
}

export async function answersAlike(program: BitcoinProgram): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { node, first, ours, follows } = await startBoth(program, stack);
  const hex = spendToAnyone(await rewardOf(node, first), 1_000n);
  const told = common(await node.rpc("decoderawtransaction", hex));
  expect(await ours("decoderawtransaction", hex)).toMatchObject(told);
  const txid = await ours("sendrawtransaction", hex);
  expect(txid).toBe(told["txid"]);
  expect(await ours("sendrawtransaction", hex)).toMatchObject({ data: { code: "REFUSED" } });
  await eventually("the mempool", async () => Object(await ours("getmempoolinfo")).size === 1);
  expect(await ours("getrawmempool")).toEqual([txid]);
  expect(await ours("getrawtransaction", txid)).toBe(hex);

  const [hash] = await node.mine(1);
  await follows();
  const { tx: txids, ...header } = Object(await node.rpc("getblock", hash, 1));
  expect(await ours("getblock", hash)).toMatchObject({ tx: txids, merkleroot: header.merkleroot });
  for (const id of txids) {
    const theirs = Object(await node.rpc("getrawtransaction", id, 1));
    const { blockhash, confirmations, time } = theirs;
    expect(await ours("getrawtransaction", id, 1))
      .toMatchObject({ ...common(theirs), hex: theirs.hex, blockhash, confirmations, time, verified: true });
  }
  const { value, bestblock, coinbase } = Object(await node.rpc("gettxout", txid, 0));
  expect(await ours("gettxout", txid, 0)).toMatchObject({ value, bestblock, coinbase, verified: false });
  expect(await ours("verifytxoutproof", await ours("gettxoutproof", [txid]))).toEqual([txid]);
  const { networkhashps } = Object(await node.rpc("getmininginfo"));
  expect(await ours("getmininginfo")).toMatchObject({ networkhashps, chain: "regtest" });
  expect(await ours("submitblock", await ours("getblock", hash, 0))).toBe("duplicate");
}

/** The fields of a decoded transaction in which full nodes are one; btcd writes witnesses of coinbases elsewhere. */
function common(decoded: unknown): Fields {
  const { txid, version, locktime, vin, vout } = Object(decoded);
  const inputs = vin.map(({ witness: _witness, ...input }: Fields) => input);
  const outputs = vout.map((output: Fields) => {
    const { asm, hex, address, type } = Object(output["scriptPubKey"]);
    return { ...output, scriptPubKey: { asm, hex, type, ...(address !== undefined && { address }) } };
  });
  return { txid, version, locktime, vin: inputs, vout: outputs };
}
