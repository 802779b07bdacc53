import { expect } from "expect";
import { chainParams } from "../../core/chain/mod.ts";
import { eventually } from "../support/eventually.ts";
import { mineHeaders, tipOf } from "../support/mining.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";

const REGTEST = ['node.network="regtest"'];
const genesis = tipOf(Uint8Array.fromHex(chainParams("regtest").genesis));

async function tip(node: TestNode): Promise<unknown> {
  return (await node.api("/api/v1/chain/tip")).body;
}

async function hears(node: TestNode): Promise<boolean> {
  const { body } = await node.api("/api/v1/gossip/stats");
  const { topics } = body as { topics: { topic: string; subscribers: number }[] };
  return topics.some(({ topic, subscribers }) => topic === "block" && subscribers > 0);
}

Deno.test("a node that starts late gets the headers before the first block that it hears of", async () => {
  const { headers } = mineHeaders(genesis, 4_500, { spacing: 60 });
  await using a = await startTestNode({ set: REGTEST });
  for (const part of [headers.subarray(0, 160_000), headers.subarray(160_000, -80)]) {
    const answer = await a.api("/api/v1/chain/headers", { body: { headers: part.toHex() } });
    expect(answer.status).toBe(200);
  }
  const peers = `p2p.static_peers=${JSON.stringify(a.run.p2p)}`;
  await using b = await startTestNode({ set: [...REGTEST, peers] });
  for (const node of [a, b]) await eventually("the other's subscription", () => hears(node));
  const newest = headers.subarray(-80);
  const hash = tipOf(newest).hash.toReversed().toHex();
  const message = { Hash: hash, Height: 4_500, Header: newest.toHex() };
  expect(await a.api("/api/v1/gossip/block", { body: { message } })).toMatchObject({ status: 200 });
  expect(await tip(a)).toMatchObject({ height: 4_500 }); // its own word
  await eventually("B's tip", async () => (await tip(b) as { height: number }).height === 4_500);
  expect(await tip(b)).toEqual(await tip(a));
  const outcome = { outcome: "caught_up" };
  await eventually(
    "the sync's end",
    async () => await b.metric("commons_chain_peer_syncs_total", outcome) === 1,
  );
  const { body } = await b.api("/api/v1/chain/sources");
  expect(body).toMatchObject({
    phase: "headers",
    sources: [{ state: "agrees", tip: { height: expect.any(Number) } }],
  });
  expect((await b.commons("chain", "sources")).stdout).toContain("agrees");
  expect((await b.commons("status")).stdout).toMatch(/chain: +height 4,500, catching up/);
});

Deno.test("an anchor of the configuration is where the chain begins, or ends the start", async () => {
  const { headers } = mineHeaders(genesis, 30);
  const anchor = (chainwork: string) => [
    ...REGTEST,
    "chain.anchor.height=30",
    `chain.anchor.header=${JSON.stringify(headers.subarray(-80).toHex())}`,
    `chain.anchor.chainwork="${chainwork}"`,
  ];
  await using node = await startTestNode({ set: anchor("3e") });
  expect(await tip(node)).toMatchObject({ height: 30, chainwork: "3e".padStart(64, "0") });
  await expect(startTestNode({ set: anchor("01") })).rejects.toThrow(/chain\.anchor/);
});
