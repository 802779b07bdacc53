/** The chain against full nodes that others wrote: btcd (built here) and Bitcoin Core (where it is installed). */
import { expect } from "expect";
import { testChain } from "../../core/chain/_fixture.ts";
import { systemClock } from "../../core/base/mod.ts";
import { answersOnDemand } from "./_demand_steps.ts";
import { followsNode, startRpcFeed } from "./_feed_steps.ts";
import { answersAlike } from "./_http_steps.ts";
import { judgesAlike } from "./_judgement_steps.ts";
import { tellsOfItsMempool } from "./_mempool_steps.ts";
import { servesModules } from "./_node_steps.ts";
import { prefersWork, sendsBlocks, startPeerFeed } from "./_peer_steps.ts";
import { retargetsAlike } from "./_retarget_steps.ts";
import { minesBlocks, readsBlocks, readsTransactions } from "./_rpc_steps.ts";
import {
  type BitcoinNode,
  type BitcoinProgram,
  buildBtcd,
  hasBitcoind,
  startBitcoind,
  startBtcd,
} from "./bitcoin_node.ts";

/** Headers of the best chain from a height on. */
async function headersOf(node: BitcoinNode, from: number): Promise<Uint8Array> {
  const { height } = await node.tip();
  let hex = "";
  for (let at = from; at <= height; at++) {
    hex += String(await node.rpc("getblockheader", await node.rpc("getblockhash", at), false));
  }
  return Uint8Array.fromHex(hex);
}

Deno.test("interop with btcd", async (t) => {
  await using build = await buildBtcd();
  if (build.state === "skipped") {
    await t.step({ name: `skipped: ${build.reason}`, ignore: true, fn() {} });
    return;
  }
  const { path } = build;
  await interop(t, { name: "btcd", start: () => startBtcd(path) });
  await t.step(
    "testnet's rules of difficulty are btcd's",
    () => retargetsAlike(() => startBtcd(path, { network: "simnet" })),
  );
});

Deno.test("interop with Bitcoin Core", async (t) => {
  if (!await hasBitcoind()) {
    await t.step({ name: "skipped: there is no bitcoind on this machine", ignore: true, fn() {} });
    return;
  }
  await interop(t, { name: "bitcoind", start: () => startBitcoind() });
});

async function interop(t: Deno.TestContext, program: BitcoinProgram): Promise<void> {
  const steps: readonly [name: string, step: (program: BitcoinProgram) => Promise<void>][] = [
    ["its headers are right by our rules, and a longer chain of another one wins", headers],
    ["blocks over JSON-RPC", readsBlocks],
    ["transactions, outputs, mempool and fees over JSON-RPC", readsTransactions],
    ["its chain over JSON-RPC, and its turns", (program) => followsNode(program, startRpcFeed)],
    ["its chain over Bitcoin's protocol, and its turns", (program) => followsNode(program, startPeerFeed)],
    ["its blocks over Bitcoin's protocol", sendsBlocks],
    ["two of them that do not know each other", prefersWork],
    ["blocks, transactions and outputs on demand", answersOnDemand],
    ["its mempool as events", tellsOfItsMempool],
    ["the same calls of both answer alike", answersAlike],
    ["a whole node and a module of it", servesModules],
    ["hundreds of blocks, good and bad, are judged alike", judgesAlike],
    ["a block is mined from its template and submitted", minesBlocks],
  ];
  for (const [name, step] of steps) await t.step(name, () => step(program));
}

async function headers(program: BitcoinProgram): Promise<void> {
  await using first = await program.start();
  await using second = await program.start();
  await using t = await testChain({ clock: systemClock });
  const mined = await first.mine(30);
  const result = await t.chain.accept(await headersOf(first, 1));
  expect(result).toMatchObject({ accepted: 30, rejected: [], tip: { height: 30, hash: mined.at(-1) } });
  const better = await second.mine(31);
  expect((await t.chain.accept(await headersOf(second, 1))).tip).toMatchObject({
    height: 31,
    hash: better.at(-1),
  });
  expect(t.chain.stats()).toMatchObject({ reorgs: 1, stale: 30 });
}
