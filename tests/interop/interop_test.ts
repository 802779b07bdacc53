import { expect } from "expect";
import {
  BLOCK_1,
  minedHeader,
  silentLogger,
  startNode,
  testIdentity,
  type TestNode,
} from "../../core/p2p/_fixture.ts";
import { createHost } from "../../core/p2p/host.ts";
import { libp2pLogger } from "../../core/p2p/libp2p_logger.ts";
import type { P2pInit } from "../../core/p2p/mod.ts";
import { systemClock } from "../../core/base/mod.ts";
import { multiaddr } from "@multiformats/multiaddr";
import { stopGossip } from "../../core/p2p/gossip_internals.ts";
import { eventually } from "../support/eventually.ts";
import { buildGoPeer, type GoPeer, startGoPeer } from "./go_peer.ts";

const PREFIX = "teranode/bitcoin/1.0.0";
const TOPIC = `${PREFIX}/regtest-block`;
const LISTEN = { tcp: "/ip4/127.0.0.1/tcp/0", ws: "/ip4/127.0.0.1/tcp/0/ws" } as const;
const REGTEST: Partial<P2pInit> = { topicPrefix: PREFIX, network: "regtest", envelope: "bus" };
const utf8 = { encode: (text: string) => new TextEncoder().encode(text), decode: decodeText };

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function blockOf(peerId: string, number: number) {
  const { hash, header } = minedHeader(number);
  return { PeerID: peerId, ClientName: "go", DataHubURL: "", Hash: hash, Height: number, Header: header };
}

/** The two forms in which the generations of Go nodes write a message. */
const FORMS = {
  raw: (message: unknown) => utf8.encode(JSON.stringify(message)),
  bus: (message: unknown) =>
    utf8.encode(
      JSON.stringify({ name: "go", data: utf8.encode(JSON.stringify(message)).toBase64() }),
    ),
} as const;

/** Joins the topic and waits until each knows that the other is there. */
async function meet(node: TestNode, go: GoPeer, topic = TOPIC): Promise<void> {
  await go.ask({ do: "join", topic });
  await eventually(
    "the node among the subscribers",
    async () => await go.ask({ do: "subscribers", topic }) === 1,
  );
  await eventually(
    "the Go peer among the subscribers",
    () => node.service.stats().topics.some((one) => one.topic === "block" && one.subscribers === 1),
  );
}

async function dialGo(node: TestNode, address: string): Promise<void> {
  await node.service.addPeer(address);
}

function announced({ events }: TestNode): string[] {
  return events.of("BlockAnnounced").map((payload) => (payload as { block_hash: string }).block_hash);
}

Deno.test("interop with go-libp2p", async (t) => {
  await using build = await buildGoPeer();
  if (build.state === "skipped") {
    await t.step({ name: `skipped: ${build.reason}`, ignore: true, fn() {} });
    return;
  }
  const { path } = build;
  for (const transport of ["tcp", "ws"] as const) {
    for (const dialer of ["node", "go"] as const) {
      await t.step(
        `${transport}, dialled by ${dialer}`,
        (step) => conversation(step, { path, transport, dialer }),
      );
    }
  }
  await t.step("ping from this side", () => pingGo(path));
  await t.step("the best block goes over a direct stream, both ways", () => directStreams(path));
  await t.step("a private DHT of both kinds", () => sharedDht(path));
  await t.step("a network with a shared key", () => sharedKey(path));
});

/** Identify, ping and gossip in both directions and both forms. */
async function conversation(
  t: Deno.TestContext,
  options: { readonly path: string; readonly transport: "tcp" | "ws"; readonly dialer: "node" | "go" },
): Promise<void> {
  const { path, transport, dialer } = options;
  await using go = await startGoPeer(path);
  await using node = await startNode({ init: { ...REGTEST, listen: [LISTEN[transport]] } });
  await using raw = await startNode({ init: { ...REGTEST, envelope: "raw", listen: [LISTEN[transport]] } });
  if (dialer === "node") await dialGo(node, go.address[transport]);
  else await go.ask({ do: "dial", addr: node.address });

  await t.step("identify", async () => {
    // the side that dials may know of the connection a moment before the other does
    const told = await eventually(
      "what the node tells",
      () => go.ask({ do: "identify", peer: node.identity.peerId }).catch(() => undefined),
    );
    expect(told).toMatchObject({ agent: "commons-node/0.0.0-test" });
    expect((told as { protocols: string[] }).protocols).toEqual(
      expect.arrayContaining(["/meshsub/1.2.0", "/ipfs/ping/1.0.0", PREFIX]),
    );
    await eventually(
      "the agent of the Go peer",
      () => node.service.peers().some(({ userAgent }) => userAgent === "go-interop/1.0.0"),
    );
    expect(node.service.peers()).toMatchObject([{ peerId: go.peerId, transport }]);
  });

  await t.step("ping from the other side", async () => {
    expect(await go.ask({ do: "ping", peer: node.identity.peerId })).toBeGreaterThan(0);
  });

  await t.step("gossip from this side, in the form that is configured", async () => {
    await meet(node, go);
    const { hash, header } = minedHeader(1);
    await node.service.publish("block", { Hash: hash, Height: 1, Header: header });
    const { from, data } = await go.next(TOPIC);
    expect(from).toBe(node.identity.peerId);
    const envelope: unknown = JSON.parse(utf8.decode(data));
    expect(envelope).toMatchObject({ name: "test" });
    const inner = utf8.decode(Uint8Array.fromBase64((envelope as { data: string }).data));
    expect(JSON.parse(inner)).toEqual({
      PeerID: node.identity.peerId,
      ClientName: "test",
      DataHubURL: "http://127.0.0.1:9906",
      Hash: hash,
      Height: 1,
      Header: header,
    });
  });

  await t.step("gossip from the other side, in both forms", async () => {
    for (const [index, form] of (["raw", "bus"] as const).entries()) {
      const message = blockOf(go.peerId, 10 + index);
      await go.ask({ do: "publish", topic: TOPIC, data: FORMS[form](message) });
      await eventually(`the block in ${form} form`, () => announced(node).includes(message.Hash));
    }
  });

  await t.step("a message under another's name is rejected", async () => {
    const message = blockOf((await testIdentity()).peerId, 20);
    await go.ask({ do: "publish", topic: TOPIC, data: FORMS.raw(message) });
    await eventually("the rejection", () =>
      node.metrics.value("commons_p2p_messages_total", {
        topic: "block",
        result: "reject",
        code: "AUTHOR_MISMATCH",
      }) === 1);
    expect(announced(node)).not.toContain(message.Hash);
  });

  await t.step("a block passes through the Go peer from one node to the other", async () => {
    await dialGo(raw, go.address[transport]);
    await eventually(
      "both among the subscribers",
      async () => await go.ask({ do: "subscribers", topic: TOPIC }) === 2,
    );
    await eventually(
      "the Go peer among the subscribers",
      () => raw.service.stats().topics.some((one) => one.topic === "block" && one.subscribers === 1),
    );
    const { hash, header } = minedHeader(30);
    await raw.service.publish("block", { Hash: hash, Height: 30, Header: header });
    await eventually("the block at the other node", () => announced(node).includes(hash));
  });
}

async function pingGo(path: string): Promise<void> {
  await using go = await startGoPeer(path);
  const host = await createHost(
    {
      identity: await testIdentity(),
      clock: systemClock,
      logger: libp2pLogger(silentLogger),
      misbehaved() {},
    },
    {
      listen: [],
      announce: [],
      maxConnections: 10,
      version: "0.0.0-test",
      topics: [],
      extraScore: () => 0,
      announceFilter: (own) => own,
      reachability: { mdnsTag: "interop", onLocalPeer() {} },
      alwaysAllowed: [],
    },
  );
  await host.start();
  try {
    for (const address of [go.address.tcp, go.address.ws]) {
      expect(await host.services.ping.ping(multiaddr(address))).toBeGreaterThanOrEqual(0);
      await host.hangUp(multiaddr(address));
    }
  } finally {
    await stopGossip(host.services.pubsub);
    await host.stop();
  }
}

async function directStreams(path: string): Promise<void> {
  await using go = await startGoPeer(path);
  const tip = { hash: BLOCK_1.hash, height: 1, chainwork: "02".padStart(64, "0"), header: BLOCK_1.header };
  const init = { ...REGTEST, network: "mainnet", tip: () => tip } as const;
  await using node = await startNode({ init });
  const asking = `${PREFIX}/mainnet-bestblock`;
  await go.ask({ do: "handle", proto: PREFIX });
  await dialGo(node, go.address.tcp);
  await go.ask({ do: "join", topic: asking });
  await eventually(
    "the node among the subscribers",
    async () => await go.ask({ do: "subscribers", topic: asking }) === 1,
  );
  await go.ask({ do: "publish", topic: asking, data: FORMS.bus({ PeerID: go.peerId }) });
  for (;;) { // greetings come over the same protocol
    const { from, data } = await go.next(PREFIX);
    expect(from).toBe(node.identity.peerId);
    const text = utf8.decode(data);
    const read: unknown = JSON.parse(text);
    const inner = typeof read === "object" && read !== null && "data" in read
      ? JSON.parse(utf8.decode(Uint8Array.fromBase64(String(read.data))))
      : read;
    if (inner.Header === undefined) continue;
    expect(inner).toMatchObject({
      PeerID: node.identity.peerId,
      Hash: BLOCK_1.hash,
      Height: 1,
      Header: BLOCK_1.header,
    });
    break;
  }
  const done = () =>
    node.metrics.value("commons_p2p_direct_streams_total", { direction: "inbound", outcome: "done" });
  const before = done();
  const answer = FORMS.raw({
    PeerID: go.peerId,
    ClientName: "go",
    DataHubURL: "",
    Hash: BLOCK_1.hash,
    Height: 1,
    Header: BLOCK_1.header,
  });
  await go.ask({ do: "send", peer: node.identity.peerId, proto: PREFIX, data: answer });
  await eventually("the message over a stream", () => done() === before + 1);
}

async function sharedDht(path: string): Promise<void> {
  const timing = { lonely: 100, steady: 500, readvertiseFirst: 1_000 };
  const init = { ...REGTEST, dht: "private", dhtProtocol: "/interop", discoveryTiming: timing } as const;
  await using entry = await startNode({ init: { ...init, bootstrapOnly: true } });
  await using go = await startGoPeer(path, ["-dht=/interop"]);
  await go.ask({ do: "dial", addr: entry.address });
  await eventually(
    "the entry point in the table of the Go peer",
    async () => await go.ask({ do: "table" }) === 1,
  );
  await eventually(
    "the Go peer in the table of the entry point",
    () => entry.metrics.value("commons_p2p_dht_peers") === 1,
  );
  await go.ask({ do: "join", topic: TOPIC });
  await go.ask({ do: "advertise", topic: TOPIC });

  await using node = await startNode({ init: { ...init, bootstrap: [entry.address] } });
  await eventually(
    "the Go peer, found by its topic",
    () => node.service.peers().some(({ peerId, topics }) => peerId === go.peerId && topics.includes("block")),
  );
  await eventually(
    "the node, found by its topic",
    async () => (await go.ask({ do: "find", topic: TOPIC }) as string[]).includes(node.identity.peerId),
  );
  expect(await go.ask({ do: "findPeer", peer: node.identity.peerId })).toBeGreaterThan(0);
}

async function sharedKey(path: string): Promise<void> {
  const key = "5a".repeat(32);
  await using go = await startGoPeer(path, [`-psk=${key}`]);
  await using node = await startNode({ init: { ...REGTEST, sharedKey: key } });
  await dialGo(node, go.address.tcp);
  await meet(node, go);
  const message = blockOf(go.peerId, 40);
  await go.ask({ do: "publish", topic: TOPIC, data: FORMS.raw(message) });
  await eventually("the block", () => announced(node).includes(message.Hash));
  await using stranger = await startNode({ init: { ...REGTEST, sharedKey: "5b".repeat(32) } });
  await expect(dialGo(stranger, go.address.tcp)).rejects.toMatchObject({ code: "DIAL_FAILED" });
}
