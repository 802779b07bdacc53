import { expect } from "expect";
import { chainParams } from "../../core/chain/mod.ts";
import { eventually } from "../support/eventually.ts";
import { mineHeaders, tipOf } from "../support/mining.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";

const REGTEST = ['node.network="regtest"'];
const READER = {
  capabilities: ["read_blockchain", "read_chain_state"],
  source: `export default {
    start(node) {
      node.cli.command({ name: "tip", about: "What the node's chain says" }, async () => {
        const hash = await node.chain.getChainTip();
        const { height, prev_block_hash } = await node.chain.getBlockHeader(hash);
        const { is_synced, chain_work } = await node.chain.getChainInfo();
        return JSON.stringify({ hash, height, prev_block_hash, is_synced, chain_work });
      });
    },
  };`,
};

async function tip(node: TestNode): Promise<unknown> {
  return (await node.api("/api/v1/chain/tip")).body;
}

async function hears(node: TestNode): Promise<boolean> {
  const { body } = await node.api("/api/v1/gossip/stats");
  const { topics } = body as { topics: { topic: string; subscribers: number }[] };
  return topics.some(({ topic, subscribers }) => topic === "block" && subscribers > 0);
}

async function publish(node: TestNode, header: Uint8Array, height: number): Promise<string> {
  const hash = tipOf(header).hash.toReversed().toHex();
  const message = { Hash: hash, Height: height, Header: header.toHex() };
  const answer = await node.api("/api/v1/gossip/block", { body: { message } });
  expect(answer).toMatchObject({ status: 200, body: { recipients: 1 } });
  return hash;
}

Deno.test("headers that one node publishes become the other's chain, which its modules read", async () => {
  const genesis = Uint8Array.fromHex(chainParams("regtest").genesis);
  const { headers } = mineHeaders(tipOf(genesis), 4);
  const header = (height: number) => headers.subarray((height - 1) * 80, height * 80);
  await using a = await startTestNode({ set: [...REGTEST, "chain.accept_gossip_headers=false"] });
  const peers = `p2p.static_peers=${JSON.stringify(a.run.p2p)}`;
  await using b = await startTestNode({ set: [...REGTEST, peers], modules: { reader: READER } });
  for (const node of [a, b]) await eventually("the other's subscription", () => hears(node));

  const first = await publish(a, header(1), 1);
  await eventually("B's tip", async () => (await tip(b) as { height: number }).height === 1);
  expect(await tip(b)).toMatchObject({ hash: first, height: 1, chainwork: "4".padStart(64, "0") });

  const third = await publish(a, header(3), 3);
  await eventually("the orphan", async () => await b.metric("commons_chain_orphan_headers") === 1);
  await publish(a, header(2), 2);
  await eventually("B's tip", async () => (await tip(b) as { height: number }).height === 3);
  const read = await b.commons("reader", "tip");
  expect({ code: read.code, ...JSON.parse(read.stdout) }).toEqual({
    code: 0,
    hash: third,
    height: 3,
    prev_block_hash: tipOf(header(2)).hash.toReversed().toHex(),
    is_synced: false,
    chain_work: "8".padStart(64, "0"),
  });
  const shown = await b.commons("chain", "header", "3", "--json");
  expect(JSON.parse(shown.stdout)).toMatchObject({ hash: third, confirmations: 1 });

  await publish(b, header(4), 4);
  const accepted = { topic: "block", result: "accept" };
  await eventually("block 4 at A", async () => await a.metric("commons_p2p_messages_total", accepted) === 1);
  expect(await tip(a)).toMatchObject({ height: 3 }); // what it has published itself: it takes none from gossip
  expect(await tip(b)).toMatchObject({ height: 4 }); // its own
  const offered = await a.metric("commons_chain_gossip_headers_total");
  expect([offered, await a.metric("commons_chain_orphan_headers")]).toEqual([0, 0]);
});
