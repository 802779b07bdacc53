import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { BLOCK_1 } from "../support/headers.ts";
import { helloModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";

const SHARED = "p2p.share_private_addresses=true";

async function topicPeers(node: TestNode): Promise<string[]> {
  const { body } = await node.api("/api/v1/peers");
  const { peers } = body as { peers: { peerId: string; topics: string[] }[] };
  return peers.filter(({ topics }) => topics.includes("block")).map(({ peerId }) => peerId);
}

Deno.test("start --bootstrap-only lets nodes find each other and runs no module", async (t) => {
  await using entry = await startTestNode({
    args: ["--bootstrap-only"],
    set: [SHARED],
    modules: { hello: await helloModule() },
  });
  const set = [SHARED, `p2p.bootstrap=${JSON.stringify(entry.run.p2p)}`];
  await using a = await startTestNode({ set });
  await using b = await startTestNode({ set });
  await eventually(
    "a and b find each other",
    async () => (await topicPeers(a)).includes(b.run.peerId) && (await topicPeers(b)).includes(a.run.peerId),
  );

  await t.step("a block passes between them", async () => {
    const { status } = await a.api("/api/v1/gossip/block", { body: { message: BLOCK_1 } });
    expect(status).toBe(200);
    await eventually(
      "the block at b",
      async () => await b.metric("commons_p2p_messages_total", { topic: "block", result: "accept" }) > 0,
    );
  });

  await t.step("the entry point serves the DHT, and nothing else", async () => {
    expect(await entry.metric("commons_p2p_dht_peers")).toBe(2);
    expect(await topicPeers(entry)).toEqual([]);
    expect((await entry.api("/api/v1/modules")).body).toMatchObject({ modules: [] });
    expect(await entry.metric("commons_p2p_messages_total", { topic: "block", result: "accept" })).toBe(0);
    expect((await fetch(`${entry.http}/ready`)).status).toBe(200);
  });

  await t.step("each keeps the other for its next start", async () => {
    expect(await a.stop()).toBe(0);
    const { peers } = JSON.parse(await Deno.readTextFile(`${a.dataDir}/peers.json`));
    expect(peers.map(({ id }: { id: string }) => id)).toEqual([b.run.peerId]);
    a.expectKill(); // stopped here already
  });
});
