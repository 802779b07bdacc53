/** Blocks and transactions on demand, from someone else's full node, checked against the own headers. */
import { expect } from "expect";
import { type HashHex, systemClock } from "../../core/base/mod.ts";
import { parseTransaction } from "../../core/bitcoin/mod.ts";
import { silentLogger, testChain } from "../../core/chain/_fixture.ts";
import { createBlockService } from "../../core/chain/blocks/block_service.ts";
import type { BlockServiceComponents } from "../../core/chain/blocks/types.ts";
import { eventually } from "../support/eventually.ts";
import { ANYONE, spendToAnyone } from "./anyone.ts";
import type { BitcoinProgram } from "./bitcoin_node.ts";
import { startPeers } from "./_peer_steps.ts";
import { attach, MATURE, rewardOf } from "./_rpc_steps.ts";

export async function answersOnDemand(program: BitcoinProgram): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await program.start());
  const t = stack.use(await testChain({ clock: systemClock }));
  const [first = ""] = await node.mine(MATURE);
  const fullNode = attach(node);
  stack.defer(() => fullNode.stop());
  const { peers } = stack.use(startPeers([node], t));
  const follows = () =>
    eventually("the tip of the node", async () => t.chain.tip().hash === (await node.tip()).hash);
  await follows();
  const service = (parts: Pick<BlockServiceComponents, "sources" | "fullNode">) => {
    const desk = { noteRefused() {} };
    return createBlockService({ chain: t.chain, desk, clock: systemClock, logger: silentLogger, ...parts });
  };
  const byPeers = service({ sources: () => [peers] });
  const byBoth = service({ sources: () => [peers, fullNode], fullNode });

  const reward = await rewardOf(node, first);
  const spend = parseTransaction(Uint8Array.fromHex(spendToAnyone(reward, 1_000n)));
  const outpoint = { txid: reward.txid as HashHex, index: reward.index };
  expect(await byBoth.utxo(outpoint)).toMatchObject({ sats: reward.sats, height: 1, verified: false });
  expect(await byBoth.transaction(spend.txid)).toBeUndefined();
  await fullNode.sendTransaction(spend.raw);
  const waiting = await byBoth.transaction(spend.txid);
  expect([waiting?.verified, waiting?.blockHash]).toEqual([false, undefined]);

  const [hash = ""] = await node.mine(1);
  const blockHash = hash as HashHex;
  await follows();
  const place = { blockHash, height: MATURE + 1, confirmations: 1 };
  const verified = { ...place, verified: true, witnessVerified: true };
  expect(await byPeers.transaction(spend.txid, { blockHash })).toMatchObject(verified);
  expect(await byBoth.transaction(spend.txid)).toMatchObject({ ...place, verified: true });
  expect((await byPeers.blockAt(MATURE + 1))?.parsed.transactions.length).toBe(2);
  expect(await byPeers.hasTransaction(spend.txid, { blockHash })).toEqual({ found: true, verified: true });
  const absent = { found: false, verified: true };
  expect(await byPeers.hasTransaction(spend.txid, { blockHash: first as HashHex })).toEqual(absent);
  const proof = await byPeers.txOutProof([spend.txid], blockHash);
  expect(byPeers.verifyTxOutProof(proof ?? new Uint8Array())).toEqual({ txids: [spend.txid], ...place });
  expect(await byBoth.utxo(outpoint)).toBeUndefined();
  expect(await byBoth.utxo({ txid: spend.txid, index: 0 })).toMatchObject({
    sats: reward.sats - 1_000n,
    scriptPubKey: Uint8Array.fromHex(ANYONE.output),
    confirmations: 1,
    coinbase: false,
  });
  byPeers.close();
  byBoth.close();
}
