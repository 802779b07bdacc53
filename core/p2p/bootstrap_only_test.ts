import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { BLOCK_1, silentLogger, startNode } from "./_fixture.ts";
import { TOPIC_NAMES } from "./types.ts";

Deno.test("an entry point joins no topic, says nothing and takes nothing, whoever is connected", async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const tip = { hash: BLOCK_1.hash, height: 1, chainwork: "02".padStart(64, "0"), header: BLOCK_1.header };
  await using entry = await startNode({
    init: { network: "mainnet", bootstrapOnly: true, dht: "private", tip: () => tip },
    components: { clock, logger: { ...silentLogger, debug: (message) => void lines.push(message) } },
  });
  await using node = await startNode({ init: { network: "mainnet", dht: "private" } });
  await node.service.addPeer(entry.address);
  await entry.events.until("PeerConnected");
  await node.events.until("PeerConnected");
  await clock.advance(60_000);
  await node.service.publish("block", { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header });
  await clock.advance(60_000);

  expect(node.service.peers()).toMatchObject([{ peerId: entry.identity.peerId, topics: [] }]);
  expect(entry.service.peers()).toMatchObject([{ peerId: node.identity.peerId, topics: [] }]);
  expect(
    entry.service.stats().topics.every(({ meshPeers, subscribers, published }) =>
      meshPeers + subscribers + published === 0
    ),
  ).toBe(true);
  for (const topic of TOPIC_NAMES) {
    await expect(entry.service.publish(topic, {})).rejects.toMatchObject({ code: expect.any(String) });
  }
  expect([entry, node].flatMap(({ events }) => [
    ...events.of("MessageSent"),
    ...events.of("MessageReceived"),
  ])).toEqual([]);
  expect(entry.metrics.value("commons_p2p_direct_streams_total", { direction: "inbound", outcome: "done" }))
    .toBe(0);
  expect(lines.filter((line) => line.startsWith("greeting"))).toEqual([]);
});
