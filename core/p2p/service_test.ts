import { expect } from "expect";
import { FakeClock, seededRandom, systemClock } from "../base/mod.ts";
import { startBarePeer } from "./_bare_peer.ts";
import {
  BLOCK_1,
  eventually,
  RecordingEvents,
  RecordingMetrics,
  silentLogger,
  startNode,
  testIdentity,
  testInit,
  type TestNode,
} from "./_fixture.ts";
import { createP2pService } from "./service.ts";
import { type Notification, type P2pInit, TOPIC_NAMES } from "./types.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";
const MAINNET: Partial<P2pInit> = { network: "mainnet" };
const BLOCK = { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header };

/** Connects `from` to `to` and waits until each knows that the other has joined the block topic. */
async function connect(from: TestNode, to: TestNode): Promise<void> {
  await from.service.addPeer(to.address);
  await eventually(() => [from, to].every(({ service }) => service.stats().topics[0]?.subscribers === 1));
}

function messages(node: TestNode, result: string, code: string): number {
  return node.metrics.value("commons_p2p_messages_total", { topic: "block", result, code });
}

for (const transport of ["tcp", "ws"] as const) {
  Deno.test(`P2pService delivers a published block over ${transport}`, async () => {
    const listen = [`/ip4/127.0.0.1/tcp/0${transport === "ws" ? "/ws" : ""}`];
    await using a = await startNode({ init: MAINNET });
    await using b = await startNode({ init: { ...MAINNET, listen, services: 536870912 } });
    await connect(a, b);
    const heard: Notification[] = [];
    using _listener = b.service.onNotification((notification) => heard.push(notification));

    const { recipients, message } = await a.service.publish("block", BLOCK);
    expect(recipients).toBe(1);
    expect(message).toEqual({
      ...BLOCK,
      PeerID: a.identity.peerId,
      ClientName: "test",
      DataHubURL: "http://127.0.0.1:9906",
    });

    expect(await b.events.until("BlockAnnounced")).toEqual([{
      block_hash: BLOCK_1.hash,
      height: 1,
      header: BLOCK_1.header,
      peer_id: a.identity.peerId,
      base_url: "http://127.0.0.1:9906",
    }]);
    const blocks = () => heard.filter(({ type }) => type === "block");
    await eventually(() => blocks().length > 0);
    expect(blocks()).toMatchObject([{
      type: "block",
      hash: BLOCK_1.hash,
      height: 1,
      peer_id: a.identity.peerId,
    }]);
    expect(blocks()[0]?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(b.events.of("MessageReceived")).toContainEqual(
      expect.objectContaining({ message_type: "block", protocol_version: 1 }),
    );
    expect(a.events.of("MessageSent")).toContainEqual(expect.objectContaining({ message_type: "block" }));
    expect(a.events.of("BlockAnnounced")).toEqual([]);
    expect(messages(b, "accept", "OK")).toBe(1);
    expect(b.service.stats().topics.map(({ topic }) => topic).sort()).toEqual([...TOPIC_NAMES].sort());
    expect(b.service.stats().topics[0]).toMatchObject({
      topic: "block",
      meshPeers: 1,
      accepted: 1,
      rejected: 0,
    });

    await a.events.until("PeerConnected");
    expect(a.service.peers()).toMatchObject([{
      peerId: b.identity.peerId,
      direction: "outbound",
      transport,
      userAgent: "commons-node/0.0.0-test",
      services: 536870912,
      topics: expect.arrayContaining([...TOPIC_NAMES]),
    }]);
    expect(a.events.of("PeerConnected")).toMatchObject([{
      transport_type: transport,
      services: 536870912,
      peer_node_id: b.identity.nodeId,
    }]);
    expect(a.events.of("ConnectionAttempt")).toMatchObject([{ success: true }]);
    expect(a.metrics.value("commons_p2p_peers", { direction: "outbound", transport })).toBe(1);
  });
}

Deno.test("P2pService speaks to a node with the other envelope", async () => {
  const topicPrefix = "teranode/bitcoin/1.0.0";
  await using a = await startNode({ init: { ...MAINNET, topicPrefix, envelope: "bus" } });
  await using b = await startNode({ init: { ...MAINNET, topicPrefix, envelope: "raw" } });
  await connect(a, b);
  await a.service.publish("block", BLOCK);
  expect(await b.events.until("BlockAnnounced")).toHaveLength(1);
});

Deno.test("P2pService rejects what others must not have sent, and still hears the good", async (t) => {
  await using node = await startNode({ init: MAINNET });
  await using peer = await startBarePeer(TOPIC);
  await peer.dial(node.address);
  await eventually(() => node.service.stats().topics[0]?.subscribers === 1);
  const good = { ...BLOCK, PeerID: peer.peerId, ClientName: "bare", DataHubURL: "" };
  const lastNibble = BLOCK_1.header.at(-1) === "9" ? "8" : "9";
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      "a header with one bit flipped",
      { ...good, Header: BLOCK_1.header.slice(0, -1) + lastNibble },
      "HASH_MISMATCH",
    ],
    ["somebody else's PeerID", { ...good, PeerID: node.identity.peerId }, "AUTHOR_MISMATCH"],
    ["no JSON", Uint8Array.from([0xff]), "NOT_JSON"],
    ["too many bytes", { ...good, Coinbase: "00".repeat(16 * 1024) }, "MESSAGE_TOO_LARGE"],
  ];
  for (const [name, message, code] of cases) {
    await t.step(name, async () => {
      await peer.publish(TOPIC, message);
      await eventually(() => messages(node, "reject", code) === 1);
      expect(node.events.of("BlockAnnounced")).toEqual([]);
    });
  }
  await t.step("the good message itself, once", async () => {
    await peer.publish(TOPIC, good);
    await node.events.until("BlockAnnounced");
    await peer.publish(TOPIC, { ...good, ClientName: "again" });
    await eventually(() => messages(node, "ignore", "DUPLICATE") === 1);
    expect(node.events.of("BlockAnnounced")).toHaveLength(1);
    expect(node.service.stats().topics[0]).toMatchObject({ accepted: 1, ignored: 1, rejected: cases.length });
  });
});

Deno.test("P2pService does not forward what it rejects", async () => {
  await using middle = await startNode({ init: MAINNET });
  await using end = await startNode({ init: MAINNET });
  await using peer = await startBarePeer(TOPIC);
  await connect(middle, end);
  await peer.dial(middle.address);
  await eventually(() => middle.service.stats().topics[0]?.subscribers === 2);
  const good = { ...BLOCK, PeerID: peer.peerId, ClientName: "bare", DataHubURL: "" };
  await peer.publish(TOPIC, { ...good, Height: -1 });
  await eventually(() => messages(middle, "reject", "BAD_SHAPE") === 1);
  await peer.publish(TOPIC, good);
  await end.events.until("BlockAnnounced");
  expect(end.service.stats().topics[0]).toMatchObject({ accepted: 1, rejected: 0 });
});

Deno.test("P2pService.publish() refuses", async (t) => {
  await using node = await startNode({ init: MAINNET });
  const cases: readonly (readonly [string, string, Record<string, unknown>, string])[] = [
    ["an unknown topic", "nonsense", BLOCK, "UNKNOWN_TOPIC"],
    ["a message of another kind", "handshake", BLOCK, "BAD_SHAPE"],
    ["another author", "block", { ...BLOCK, PeerID: (await testIdentity()).peerId }, "AUTHOR_MISMATCH"],
    ["a field that does not exist", "block", { ...BLOCK, hash: BLOCK_1.hash }, "BAD_SHAPE"],
    ["a missing field", "block", { Hash: BLOCK_1.hash, Height: 1 }, "BAD_SHAPE"],
    ["a wrong hash", "block", { ...BLOCK, Hash: "0".repeat(64) }, "HASH_MISMATCH"],
    ["what JSON can't hold", "block", { ...BLOCK, Height: 1n }, "NOT_JSON"],
    ["too many bytes", "block", { ...BLOCK, Coinbase: "00".repeat(16 * 1024) }, "MESSAGE_TOO_LARGE"],
  ];
  for (const [name, topic, message, code] of cases) {
    await t.step(name, async () => {
      await expect(node.service.publish(topic, message)).rejects.toMatchObject({ code });
    });
  }
  await t.step("but not a good message without any peer", async () => {
    const heard: Notification[] = [];
    using _listener = node.service.onNotification((notification) => heard.push(notification));
    expect((await node.service.publish("block", BLOCK)).recipients).toBe(0);
    expect(heard.filter(({ type }) => type === "block")).toHaveLength(1);
  });
});

Deno.test("P2pService.publish() is closed by listen_mode and before the start", async (t) => {
  for (const listenMode of ["listen_only", "silent"] as const) {
    await t.step(listenMode, async () => {
      await using node = await startNode({ init: { ...MAINNET, listenMode } });
      await expect(node.service.publish("block", BLOCK)).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining(listenMode),
      });
    });
  }
  await t.step("not started", async () => {
    await expect((await lone()).publish("block", BLOCK)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

Deno.test("P2pService keeps a static peer that is down at first and comes back later", async () => {
  const clock = new FakeClock();
  const identity = await testIdentity();
  const first = await startNode({ init: MAINNET, components: { identity } });
  const listen = [first.address.replace(/\/p2p\/.*$/, "")];
  const address = first.address;
  await first.service.stop();

  await using node = await startNode({
    init: { ...MAINNET, staticPeers: [address] },
    components: { clock },
  });
  expect(await node.events.until("ConnectionAttempt")).toMatchObject([{ success: false }]);
  await using second = await startNode({ init: { ...MAINNET, listen }, components: { identity } });
  await clock.advance(10_000);
  await node.events.until("PeerConnected");

  await second.service.stop();
  await node.events.until("PeerDisconnected");
  await using third = await startNode({ init: { ...MAINNET, listen }, components: { identity } });
  await clock.advance(2_000);
  await node.events.until("PeerConnected", 2);
  await eventually(() => node.service.stats().topics[0]?.subscribers === 1);
  await third.service.publish("block", BLOCK);
  expect(await node.events.until("BlockAnnounced")).toHaveLength(1);
});

Deno.test("P2pService.addPeer() refuses", async (t) => {
  await using node = await startNode();
  const { peerId } = await testIdentity();
  const cases: readonly (readonly [string, string, string])[] = [
    ["no multiaddr", "127.0.0.1:9905", "INVALID_MULTIADDR"],
    ["an address without peer id", "/ip4/127.0.0.1/tcp/1", "INVALID_MULTIADDR"],
    ["a transport that it has not", `/ip4/127.0.0.1/udp/1/quic-v1/p2p/${peerId}`, "INVALID_MULTIADDR"],
    ["an endless text", `/ip4/127.0.0.1/tcp/1/p2p/${peerId}${"1".repeat(600)}`, "INVALID_MULTIADDR"],
    ["itself", node.address, "INVALID_MULTIADDR"],
    ["a closed port", `/ip4/127.0.0.1/tcp/1/p2p/${peerId}`, "DIAL_FAILED"],
  ];
  for (const [name, address, code] of cases) {
    await t.step(name, async () => {
      await expect(node.service.addPeer(address)).rejects.toMatchObject({ code });
    });
  }
  await t.step("a peer that is somebody else", async () => {
    await using other = await startNode();
    const wrong = other.address.replace(other.identity.peerId, peerId);
    await expect(node.service.addPeer(wrong)).rejects.toMatchObject({ code: "DIAL_FAILED" });
  });
});

Deno.test("P2pService.removePeer() closes the connection and stops keeping the peer", async () => {
  const clock = new FakeClock();
  await using a = await startNode({ components: { clock } });
  await using b = await startNode();
  await connect(a, b);
  expect(await a.service.removePeer(b.identity.peerId)).toBe(true);
  await eventually(() => b.service.peers().length === 0);
  await clock.advance(60_000);
  expect(a.service.peers()).toEqual([]);
  expect(await a.service.removePeer(b.identity.peerId)).toBe(false);
  expect(await a.service.removePeer("nonsense")).toBe(false);
});

Deno.test("P2pService with a shared key meets only its own kind", async () => {
  const sharedKey = "11".repeat(32);
  await using a = await startNode({ init: { ...MAINNET, sharedKey } });
  await using b = await startNode({ init: { ...MAINNET, sharedKey } });
  await using stranger = await startNode({ init: MAINNET });
  await connect(a, b);
  await a.service.publish("block", BLOCK);
  await b.events.until("BlockAnnounced");
  await expect(stranger.service.addPeer(a.address)).rejects.toMatchObject({ code: "DIAL_FAILED" });
});

Deno.test("P2pService.start() names the address that is taken and leaves nothing open", async (t) => {
  await using taken = await startNode();
  for (const suffix of ["", "/ws"]) {
    await t.step(suffix === "" ? "tcp" : "ws", async () => {
      const address = taken.address.replace(/\/p2p\/.*$/, "") + suffix;
      const service = await lone({ listen: ["/ip4/127.0.0.1/tcp/0", address] });
      await expect(service.start()).rejects.toMatchObject({
        code: "P2P_LISTEN_FAILED",
        message: expect.stringContaining(address),
      });
      expect(service.listening()).toEqual([]);
      await service.stop();
    });
  }
});

Deno.test("createP2pService() refuses settings that could only fail later", async (t) => {
  const cases: readonly (readonly [string, Partial<P2pInit>, string])[] = [
    ["listen address", { listen: ["127.0.0.1:9905"] }, "INVALID_MULTIADDR"],
    ["listen address of another transport", { listen: ["/ip4/0.0.0.0/udp/1/quic-v1"] }, "INVALID_MULTIADDR"],
    ["announce address", { announce: ["/p2p-circuit"] }, "INVALID_MULTIADDR"],
    ["static peer", { staticPeers: ["/ip4/127.0.0.1/tcp/1"] }, "INVALID_MULTIADDR"],
    ["too many static peers", { staticPeers: Array(257).fill("x") }, "TOO_MANY_PEERS"],
    ["name", { name: "<b>" }, "INVALID_NAME"],
    ["topic prefix", { topicPrefix: "a b" }, "INVALID_TOPIC_PREFIX"],
    ["shared key", { sharedKey: "00" }, "INVALID_HEX"],
    ["publishers", { allowedPublishers: ["everybody"] }, "INVALID_PEER_ID"],
  ];
  for (const [name, init, code] of cases) {
    await t.step(name, async () => {
      await expect(lone(init)).rejects.toMatchObject({ code });
    });
  }
});

Deno.test("P2pService.stop() is harmless when repeated, before the start and during it", async () => {
  const never = await lone();
  await never.stop();
  await expect(never.start()).rejects.toMatchObject({ code: "UNAVAILABLE" });

  const hasty = await lone();
  const starting = hasty.start();
  await Promise.all([hasty.stop(), hasty.stop(), starting]);
  expect(hasty.peers()).toEqual([]);
  await expect(hasty.addPeer(`/ip4/127.0.0.1/tcp/1/p2p/${(await testIdentity()).peerId}`))
    .rejects.toMatchObject({ code: "UNAVAILABLE" });
});

Deno.test("P2pService.ownStatus() says what the node knows", async () => {
  const tip = () => ({ hash: BLOCK_1.hash, height: 1, chainwork: "02".padStart(64, "0") });
  const clock = new FakeClock(1_700_000_000_000);
  const service = await lone({ tip, listenMode: "listen_only" }, clock);
  await clock.advance(1_500);
  expect(service.ownStatus()).toMatchObject({
    type: "node_status",
    timestamp: "2023-11-14T22:13:21Z",
    base_url: "",
    best_block_hash: BLOCK_1.hash,
    best_height: 1,
    fsm_state: "RUNNING",
    start_time: 1_700_000_000,
    uptime: 1.5,
    listen_mode: "listen_only",
  });
});

async function lone(init: Partial<P2pInit> = {}, clock = systemClock) {
  return createP2pService({
    identity: await testIdentity(),
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: new RecordingMetrics(),
    events: new RecordingEvents(),
  }, testInit(init));
}
