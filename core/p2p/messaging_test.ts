import { expect } from "expect";
import type { BanGate } from "../bans/mod.ts";
import { FakeClock } from "../base/mod.ts";
import { startBarePeer } from "./_bare_peer.ts";
import { BLOCK_1, eventually, minedHeader, startNode, type TestNode } from "./_fixture.ts";
import { goodMessages } from "./_message_fixture.ts";
import type { Notification, OwnTip, P2pInit } from "./types.ts";

const PREFIX = "commons/bitcoin/1.0.0";
const MAINNET: Partial<P2pInit> = { network: "mainnet" };
const TIP: OwnTip = {
  hash: BLOCK_1.hash,
  height: 1,
  chainwork: "02".padStart(64, "0"),
  header: BLOCK_1.header,
};

/** Connects and waits until each knows that the other has joined every topic. */
async function connect(from: TestNode, to: TestNode): Promise<void> {
  await from.service.addPeer(to.address);
  await eventually(() =>
    [from, to].every(({ service }) => service.stats().topics.every(({ subscribers }) => subscribers === 1))
  );
}

function heardBy(node: TestNode, heard: Notification[]): Disposable {
  return node.service.onNotification((notification) => heard.push(notification));
}

function count(node: TestNode, topic: string, result: string, code: string): number {
  return node.metrics.value("commons_p2p_messages_total", { topic, result, code });
}

Deno.test("nodes tell their status, also those that only listen, but not the silent", async (t) => {
  for (const listenMode of ["full", "listen_only", "silent"] as const) {
    await t.step(listenMode, async () => {
      const clock = new FakeClock();
      await using a = await startNode({
        init: { ...MAINNET, listenMode, tip: () => TIP },
        components: { clock },
      });
      await using b = await startNode({ init: MAINNET });
      await connect(b, a);
      const heard: Notification[] = [];
      using _listener = heardBy(b, heard);
      await clock.advance(10_000);
      if (listenMode === "silent") {
        await a.service.publish("block", BLOCK).catch(() => {}); // refused, and nothing else is sent either
        expect([heard, a.events.of("MessageSent")]).toEqual([[], []]);
        return;
      }
      const fromA = () => heard.find(({ peer_id }) => peer_id === a.identity.peerId);
      await eventually(() => fromA() !== undefined);
      expect(fromA()).toMatchObject({
        type: "node_status",
        base_url: listenMode === "full" ? "http://127.0.0.1:9906" : "",
        best_block_hash: BLOCK_1.hash,
        best_height: 1,
        listen_mode: listenMode,
        client_name: "test",
        connected_peers_count: 1,
      });
      expect(b.service.claimOf(a.identity.peerId)).toMatchObject({ height: 1, hash: BLOCK_1.hash });
    });
  }
});

const BLOCK = { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header };

Deno.test("a node greets who connects, and is answered", async () => {
  const clock = new FakeClock();
  await using a = await startNode({ init: MAINNET, components: { clock } });
  await using b = await startNode({ init: { ...MAINNET, tip: () => TIP } });
  await connect(a, b);
  await a.events.until("PeerConnected");
  await clock.advance(500);
  await eventually(() => a.service.claimOf(b.identity.peerId) !== undefined);
  expect(a.service.claimOf(b.identity.peerId)).toMatchObject({
    height: 1,
    hash: BLOCK_1.hash,
    baseUrl: "http://127.0.0.1:9906",
    startingHeight: 1,
  });
  await eventually(() => b.service.claimOf(a.identity.peerId) !== undefined);
  expect(a.events.of("MessageSent")).toContainEqual(expect.objectContaining({ message_type: "handshake" }));
  expect(b.events.of("MessageReceived")).toContainEqual(
    expect.objectContaining({ message_type: "handshake" }),
  );
});

Deno.test("a greeting from another network is ignored and not answered", async () => {
  const clock = new FakeClock();
  await using a = await startNode({ init: { network: "testnet" }, components: { clock } });
  await using b = await startNode({ init: MAINNET });
  await a.service.addPeer(b.address); // they have the direct protocol in common, and no topic
  await a.events.until("PeerConnected");
  await clock.advance(500);
  await eventually(() => count(b, "handshake", "ignore", "WRONG_CHAIN") === 1);
  expect(b.service.claimOf(a.identity.peerId)).toBe(undefined);
  expect(b.service.peers()).toHaveLength(1);
  expect(b.events.of("MessageSent")).toEqual([]);
});

Deno.test("a node asks for best blocks and gets its neighbour's over a direct stream", async () => {
  const clock = new FakeClock();
  const genesis = { ...TIP, height: 0 };
  await using asker = await startNode({ init: { ...MAINNET, tip: () => genesis }, components: { clock } });
  await using answerer = await startNode({ init: { ...MAINNET, tip: () => TIP } });
  await connect(asker, answerer);
  const heard: Notification[] = [];
  using _listener = heardBy(asker, heard);
  await clock.advance(5_000);
  expect(await asker.events.until("BlockAnnounced")).toMatchObject([{
    block_hash: BLOCK_1.hash,
    height: 1,
    header: BLOCK_1.header,
    peer_id: answerer.identity.peerId,
  }]);
  expect(heard).toContainEqual(expect.objectContaining({ type: "block", hash: BLOCK_1.hash }));
  await clock.advance(60_000);
  expect(asker.service.stats().topics.find(({ topic }) => topic === "bestblock")?.published).toBe(1);
  expect(asker.service.announcersOf("block", BLOCK_1.hash)).toEqual([
    { peerId: answerer.identity.peerId, baseUrl: "http://127.0.0.1:9906" },
  ]);
});

Deno.test("a node that only listens answers nobody's question", async () => {
  await using node = await startNode({ init: { ...MAINNET, listenMode: "listen_only", tip: () => TIP } });
  await using peer = await startBarePeer(`${PREFIX}/mainnet-bestblock`);
  await peer.dial(node.address);
  await peer.publish(`${PREFIX}/mainnet-bestblock`, { PeerID: peer.peerId });
  await eventually(() => count(node, "bestblock", "accept", "OK") === 1);
  expect(node.metrics.value("commons_p2p_direct_streams_total", { direction: "outbound", outcome: "done" }))
    .toBe(0);
});

Deno.test("publish() works for every kind, and the other side shows it", async (t) => {
  await using a = await startNode({ init: MAINNET });
  await using b = await startNode({ init: MAINNET });
  await connect(a, b);
  const heard: Notification[] = [];
  using _listener = heardBy(b, heard);
  const { peerId } = a.identity;
  const good = goodMessages(peerId);
  const rows = [
    ["block", "block"],
    ["subtree", "subtree"],
    ["miningon", "mining_on"],
    ["rejected_tx", "rejected_tx"],
    ["node_status", "node_status"],
    ["handshake", undefined],
    ["bestblock", undefined],
  ] as const;
  for (const [topic, type] of rows) {
    await t.step(topic, async () => {
      const { recipients } = await a.service.publish(topic, good[topic]);
      expect(recipients).toBe(1);
      await eventually(() => count(b, topic, "accept", "OK") > 0);
      const shown = heard.find((notification) =>
        notification.type === type && notification.peer_id === peerId
      );
      expect(shown !== undefined).toBe(type !== undefined);
    });
  }
  await t.step("node_status of nothing is the node's own", async () => {
    const { message } = await a.service.publish("node_status", {});
    expect(message).toMatchObject({ type: "node_status", peer_id: peerId, listen_mode: "full" });
    expect(message).not.toHaveProperty("timestamp");
  });
});

Deno.test("a banned peer is not heard, and what a peer does wrong is told", async () => {
  const banned = new Set<string>();
  const scores: unknown[] = [];
  const score = { score: 0, banned: false, offences: [] };
  const bans: BanGate = {
    isBannedPeer: (peerId) => banned.has(peerId),
    isBannedIp: () => false,
    isBannedMultiaddr: () => false,
    hasAddresses: () => false,
    addScore: (peerId, offence) => {
      scores.push([peerId, offence]);
      return score;
    },
    score: () => score,
    onBan: () => ({ [Symbol.dispose]() {} }),
  };
  const topic = `${PREFIX}/regtest-block`;
  // the gater has its own tests: here the peer is connected before it is banned
  await using node = await startNode({ components: { bans } });
  await using peer = await startBarePeer(topic);
  await peer.dial(node.address);
  const block = (number: number) => {
    const { hash, header } = minedHeader(number);
    return { PeerID: peer.peerId, ClientName: "", DataHubURL: "", Hash: hash, Height: 1, Header: header };
  };
  await peer.publish(topic, { ...block(1), Hash: "0".repeat(64) });
  await eventually(() => count(node, "block", "reject", "HASH_MISMATCH") === 1);
  await peer.publish(topic, "nonsense");
  await eventually(() => count(node, "block", "reject", "BAD_SHAPE") === 1);
  expect(scores).toEqual([[peer.peerId, "invalid_block"], [peer.peerId, "protocol_violation"]]);
  banned.add(peer.peerId);
  await peer.publish(topic, block(2));
  await eventually(() => count(node, "block", "ignore", "BANNED") === 1);
  expect(node.events.of("BlockAnnounced")).toEqual([]);
});

Deno.test("limits hold where messages come in, so that a flood ends at the first node", async () => {
  const clock = new FakeClock();
  const topic = `${PREFIX}/mainnet-subtree`;
  await using middle = await startNode({ init: MAINNET, components: { clock } });
  await using end = await startNode({ init: MAINNET, components: { clock } });
  await using peer = await startBarePeer(topic);
  await connect(middle, end);
  await peer.dial(middle.address);
  const accepted = (node: TestNode) => count(node, "subtree", "accept", "OK");
  for (let i = 0; i < 230; i++) {
    const Hash = i.toString(16).padStart(64, "0");
    await peer.publish(topic, { PeerID: peer.peerId, ClientName: "", DataHubURL: "", Hash });
  }
  await eventually(() => count(middle, "subtree", "ignore", "RATE_LIMITED") === 30);
  await eventually(() => accepted(end) === 200);
  expect(accepted(middle)).toBe(200);
  expect(end.service.stats().topics.find((stats) => stats.topic === "subtree")).toMatchObject({ ignored: 0 });
});

Deno.test("publish() does not let the node look like a flood to others", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ init: MAINNET, components: { clock } });
  const publish = (i: number) =>
    node.service.publish("rejected_tx", { TxID: `${i}`.padStart(64, "0"), Reason: "" });
  for (let i = 0; i < 100; i++) await publish(i);
  await expect(publish(100)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  await clock.advance(100);
  expect((await publish(100)).recipients).toBe(0);
});

Deno.test("a new tip is told at once, and many of them as one", async () => {
  const clock = new FakeClock();
  let height = 1;
  await using a = await startNode({
    init: { ...MAINNET, tip: () => ({ ...TIP, height }) },
    components: { clock },
  });
  const said: Notification[] = [];
  using _listener = heardBy(a, said);
  const heights = () => said.map((status) => status["best_height"]);
  const { hash, chainwork } = TIP;
  const newTip = (to: number) => {
    height = to;
    a.events.publish("ChainTipUpdated", { block_hash: hash, height, chainwork, previous_hash: hash });
  };
  await eventually(() => said.length === 1); // that of the start
  await clock.advance(9_000); // long enough ago for others to look at another one
  newTip(2);
  await clock.advance(0);
  await eventually(() => said.length === 2);
  for (const to of [3, 4, 5]) newTip(to);
  await clock.advance(5_999);
  expect(heights()).toEqual([1, 2]);
  await clock.advance(1);
  await eventually(() => said.length === 3);
  expect(heights()).toEqual([1, 2, 5]);
});

Deno.test("a stream that is closed without a message costs its sender nothing", async () => {
  await using node = await startNode({ init: MAINNET });
  await using peer = await startBarePeer(`${PREFIX}/mainnet-block`);
  await peer.write(node.address, { protocol: PREFIX, bytes: new Uint8Array(), close: true });
  await eventually(() => count(node, "handshake", "ignore", "EMPTY") === 1);
});
