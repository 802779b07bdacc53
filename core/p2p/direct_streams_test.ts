import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import type { Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { FakeClock } from "../base/mod.ts";
import { BLOCK_1, eventually, startNode, type TestNode } from "./_fixture.ts";
import { goodMessages } from "./_message_fixture.ts";
import { DIRECT_DEADLINE_MS, MAX_DIRECT_BYTES, MAX_STREAMS_PER_PEER } from "./direct_streams.ts";

const TIP = { hash: BLOCK_1.hash, height: 1, chainwork: "", header: BLOCK_1.header };
const PROTOCOL = "commons/bitcoin/1.0.0";

/** A libp2p node without gossip that opens streams as it likes and keeps what it is sent. */
async function startStranger(protocol = PROTOCOL) {
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  const received: unknown[] = [];
  await host.handle(protocol, async (stream) => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk instanceof Uint8Array ? chunk : chunk.subarray(), { stream: true });
    }
    received.push(JSON.parse(text));
    await stream.close();
  });
  const open = (node: TestNode) => host.dialProtocol(multiaddr(node.address), protocol);
  return {
    peerId: host.peerId.toString(),
    received,
    open,
    async send(node: TestNode, message: unknown) {
      const stream = await open(node);
      stream.send(
        message instanceof Uint8Array ? message : new TextEncoder().encode(JSON.stringify(message)),
      );
      await stream.close();
      return stream;
    },
    async [Symbol.asyncDispose]() {
      await host.stop();
    },
  };
}

function messages(node: TestNode, topic: string, result: string, code: string): number {
  return node.metrics.value("commons_p2p_messages_total", { topic, result, code });
}

function streams(node: TestNode, outcome: string): number {
  return node.metrics.value("commons_p2p_direct_streams_total", { direction: "inbound", outcome });
}

const ended = (stream: Stream) => stream.status !== "open" && stream.status !== "closing";

Deno.test("DirectStreams: a stranger's version is answered by a verack, a block is announced", async () => {
  await using node = await startNode({ init: { network: "mainnet" } });
  await using stranger = await startStranger();
  const good = goodMessages(stranger.peerId);
  await stranger.send(node, good.handshake);
  await eventually(() => stranger.received.length > 0);
  expect(stranger.received).toContainEqual(expect.objectContaining({
    type: "verack",
    peerID: node.identity.peerId,
    topicPrefix: "commons/bitcoin/1.0.0/mainnet",
    userAgent: "commons-node/0.0.0-test",
  }));
  await stranger.send(node, good.block);
  expect(await node.events.until("BlockAnnounced")).toMatchObject([{ block_hash: BLOCK_1.hash }]);
  const wrapped = { name: "x", data: new TextEncoder().encode(JSON.stringify(good.block)).toBase64() };
  await stranger.send(node, wrapped);
  await eventually(() => messages(node, "block", "ignore", "DUPLICATE") === 1);
});

Deno.test("DirectStreams: a block without a header is a claim, as nodes of the first generation answer", async () => {
  await using node = await startNode({ init: { network: "mainnet", tip: () => TIP } });
  await using stranger = await startStranger();
  const { peerId } = stranger;
  const answer = { Hash: BLOCK_1.hash, Height: 20_000, DataHubURL: "https://hub.example", PeerID: "" };
  await stranger.send(node, answer);
  await eventually(() => messages(node, "block", "accept", "OK") === 1);
  expect(node.service.claimOf(peerId)).toMatchObject({
    height: 10_001,
    hash: BLOCK_1.hash,
    baseUrl: "https://hub.example",
  });
  expect(node.events.of("BlockAnnounced")).toEqual([]);
  expect(node.service.announcersOf("block", BLOCK_1.hash)).toEqual([]);
  await stranger.send(node, goodMessages(peerId).block); // what proves something is no repeat of it
  expect(await node.events.until("BlockAnnounced")).toMatchObject([{ block_hash: BLOCK_1.hash }]);
});

Deno.test("DirectStreams: the same checks as gossip, and no other kinds", async (t) => {
  await using node = await startNode({ init: { network: "mainnet" } });
  await using stranger = await startStranger();
  const good = goodMessages(stranger.peerId);
  const other = node.identity.peerId;
  const { Header: _header, ...claim } = good.block;
  const rows: readonly (readonly [string, unknown, string, string])[] = [
    ["somebody else's block", { ...good.block, PeerID: other }, "block", "AUTHOR_MISMATCH"],
    ["somebody else's greeting", { ...good.handshake, peerID: other }, "handshake", "AUTHOR_MISMATCH"],
    ["a block without work", { ...good.block, Hash: "0".repeat(64) }, "block", "HASH_MISMATCH"],
    ["a claim of somebody else's", { ...claim, PeerID: other }, "block", "AUTHOR_MISMATCH"],
    ["a claim of nobody's", { ...claim, PeerID: null }, "block", "BAD_SHAPE"],
    ["a claim with half a hash", { ...claim, Hash: BLOCK_1.hash.slice(32) }, "block", "BAD_SHAPE"],
    ["a claim with a bad URL", { ...claim, DataHubURL: "javascript:alert(1)" }, "block", "BAD_URL"],
    ["an empty header", { ...good.block, Header: "" }, "block", "HEADER_LENGTH"],
    ["no JSON", Uint8Array.of(0xff), "handshake", "NOT_JSON"],
    ["white space", Uint8Array.of(0x20), "handshake", "NOT_JSON"],
    ["a subtree", good.subtree, "block", "UNKNOWN_KIND"],
    ["a status", good.node_status, "handshake", "BAD_SHAPE"],
    [
      "a block over its own cap",
      { ...good.block, Coinbase: "00".repeat(17_000) },
      "block",
      "MESSAGE_TOO_LARGE",
    ],
  ];
  for (const [name, message, topic, code] of rows) {
    await t.step(name, async () => {
      await stranger.send(node, message);
      await eventually(() => messages(node, topic, "reject", code) > 0);
    });
  }
  expect(node.events.of("BlockAnnounced")).toEqual([]);
});

Deno.test("DirectStreams: a stream that ends without a message, or breaks off, is nobody's fault", async () => {
  await using node = await startNode({ init: { network: "mainnet" } });
  await using stranger = await startStranger();
  const good = goodMessages(stranger.peerId);
  for (let i = 0; i < 6; i++) await stranger.send(node, new Uint8Array());
  await eventually(() => streams(node, "done") === 6);
  const broken = await stranger.open(node);
  broken.send(Uint8Array.of(0x7b));
  broken.abort(new Error("the line went down"));
  await eventually(() => streams(node, "failed") === 1);
  await stranger.send(node, good.handshake);
  await eventually(() => messages(node, "handshake", "accept", "OK") === 1);
  expect(messages(node, "handshake", "reject", "NOT_JSON")).toBe(0);
});

Deno.test("DirectStreams: what came before a reset is not taken for a message", async () => {
  await using node = await startNode({ init: { network: "mainnet" } });
  await using stranger = await startStranger();
  const good = goodMessages(stranger.peerId);
  const broken = await stranger.open(node);
  broken.send(new TextEncoder().encode(JSON.stringify(good.block)));
  await stranger.send(node, good.handshake); // behind it on the same connection
  await eventually(() => streams(node, "done") === 1);
  broken.abort(new Error("the line went down"));
  await eventually(() => streams(node, "failed") + streams(node, "done") === 2);
  expect(streams(node, "failed")).toBe(1);
  expect(messages(node, "block", "accept", "OK")).toBe(0);
});

Deno.test("DirectStreams: a message over the cap ends its stream before it is whole", async () => {
  await using node = await startNode();
  await using stranger = await startStranger();
  const stream = await stranger.open(node);
  stream.send(new Uint8Array(MAX_DIRECT_BYTES));
  stream.send(new Uint8Array(1));
  await eventually(() => ended(stream) && streams(node, "failed") === 1);
  expect(messages(node, "handshake", "reject", "MESSAGE_TOO_LARGE")).toBe(1); // and its sender is told on
});

Deno.test("DirectStreams: streams of one peer are few, and end at the deadline", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ components: { clock } });
  await using stranger = await startStranger();
  const slow: Stream[] = [];
  for (let i = 0; i < MAX_STREAMS_PER_PEER; i++) {
    const stream = await stranger.open(node);
    stream.send(Uint8Array.of(0x7b)); // a message that never ends
    slow.push(stream);
  }
  await eventually(() => clock.pending >= MAX_STREAMS_PER_PEER); // each has its deadline
  await stranger.open(node).then((stream) => eventually(() => ended(stream)), () => {}); // either way it is refused
  expect(slow.every((stream) => stream.status === "open")).toBe(true);
  await clock.advance(DIRECT_DEADLINE_MS);
  await eventually(() => slow.every(ended));
  expect(streams(node, "failed")).toBe(MAX_STREAMS_PER_PEER);
});

Deno.test("DirectStreams: a peer that opens one stream after the other is slowed down", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ init: { network: "mainnet" }, components: { clock } });
  await using stranger = await startStranger();
  const good = goodMessages(stranger.peerId);
  for (let i = 0; i < 30; i++) await stranger.send(node, good.block).catch(() => {}); // reset while it writes
  await eventually(() => streams(node, "done") + streams(node, "refused") === 30);
  expect(streams(node, "done")).toBe(20);
});

Deno.test("DirectStreams: a stop ends what is under way", async () => {
  await using stranger = await startStranger();
  const node = await startNode();
  const stream = await stranger.open(node);
  stream.send(Uint8Array.of(0x7b));
  await node.service.stop();
  await eventually(() => ended(stream));
});

Deno.test("DirectStreams: the protocol of another family is spoken where its topics are", async () => {
  const family = "teranode/bitcoin/1.0.0";
  await using node = await startNode({ init: { topicPrefix: family, network: "mainnet", envelope: "bus" } });
  await using stranger = await startStranger();
  await using relative = await startStranger(family);
  await expect(stranger.open(node)).rejects.toThrow();
  const greeting = { ...goodMessages(relative.peerId).handshake, topicPrefix: `${family}/mainnet` };
  await relative.send(node, greeting);
  await eventually(() => relative.received.length > 0);
  expect(relative.received).toContainEqual(expect.objectContaining({ type: "verack" })); // no envelope here
});
