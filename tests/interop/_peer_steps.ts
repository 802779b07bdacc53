/** Someone else's full node over Bitcoin's own protocol. */
import { expect } from "expect";
import { type HashHex, systemClock, systemRandom } from "../../core/base/mod.ts";
import { checkBlock, parseBlock, parseTransaction } from "../../core/bitcoin/mod.ts";
import { silentLogger, type TestChain, testChain } from "../../core/chain/_fixture.ts";
import { type BitcoinPeers, createBitcoinPeers } from "../../core/chain/peers/bitcoin_peers.ts";
import { eventually } from "../support/eventually.ts";
import { spendToAnyone } from "./anyone.ts";
import type { BitcoinNode, BitcoinProgram } from "./bitcoin_node.ts";
import { quietDesk, type StartFeed } from "./_feed_steps.ts";
import { attach, MATURE, rewardOf } from "./_rpc_steps.ts";

interface StartedPeers extends AsyncDisposable {
  readonly peers: BitcoinPeers;
}

export function startPeers(nodes: readonly BitcoinNode[], t: TestChain): StartedPeers {
  const desk = quietDesk(t);
  const logger = silentLogger;
  const peers = createBitcoinPeers(
    { chain: t.chain, desk, clock: systemClock, random: systemRandom, logger },
    { network: "regtest", peers: nodes.map(({ p2p }) => p2p), dnsSeeds: false, version: "0.0.0" },
  );
  peers.start();
  return {
    peers,
    async [Symbol.asyncDispose]() {
      await peers.stop();
      desk[Symbol.dispose]();
    },
  };
}

/** The feed over Bitcoin's protocol; the node tells by itself. */
export const startPeerFeed: StartFeed = (node, t) => {
  const started = startPeers([node], t);
  return Promise.resolve({ wake() {}, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() });
};

export async function sendsBlocks(program: BitcoinProgram): Promise<void> {
  await using node = await program.start();
  await using t = await testChain({ clock: systemClock });
  const mined = await node.mine(MATURE);
  const fullNode = attach(node);
  const spend = parseTransaction(
    Uint8Array.fromHex(spendToAnyone(await rewardOf(node, mined[0] ?? ""), 1_000n)),
  );
  await fullNode.sendTransaction(spend.raw);
  await fullNode.stop();
  const [last = ""] = await node.mine(1); // with a witness in it
  await using started = startPeers([node], t);
  await eventually("the tip of the node", () => t.chain.tip().hash === last);
  await eventually("a node to ask", () => started.peers.available());
  const wanted = [...mined.slice(0, 30), last];
  const blocks = await Promise.all(wanted.map((hash) => started.peers.block(hash as HashHex)));
  for (const [i, hash] of wanted.entries()) {
    const block = parseBlock(blocks[i] ?? new Uint8Array());
    checkBlock(block, { height: t.chain.header(hash as HashHex)?.height });
    expect(block.hash).toBe(hash);
  }
  const block = parseBlock(blocks.at(-1) ?? new Uint8Array());
  expect(block.transactions.at(-1)?.raw.toHex()).toBe(spend.raw.toHex());
  expect(started.peers.peers()).toMatchObject([{ address: node.p2p }]);
}

export async function prefersWork(program: BitcoinProgram): Promise<void> {
  await using node = await program.start();
  await using rival = await program.start();
  await using t = await testChain({ clock: systemClock });
  await node.mine(20);
  await rival.mine(10);
  await using _started = startPeers([node, rival], t);
  const follows = (one: BitcoinNode) =>
    eventually("the tip of the better chain", async () => t.chain.tip().hash === (await one.tip()).hash);
  await follows(node);
  await eventually("the rival's chain beside it", () => t.chain.stats().stale === 10);
  await rival.mine(11);
  await follows(rival);
  await node.mine(5);
  await follows(node);
  expect(t.chain.stats()).toMatchObject({ headers: 1 + 25 + 21, stale: 21 });
  expect(t.chain.stats().reorgs).toBeGreaterThanOrEqual(2); // three when the rival was heard first
}
