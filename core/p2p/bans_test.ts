import { multiaddr } from "@multiformats/multiaddr";
import type { Connection, MultiaddrConnection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { expect } from "expect";
import { type BanService, createBanService } from "../bans/mod.ts";
import { isCommonsError, systemClock } from "../base/mod.ts";
import { memoryStore } from "../store/mod.ts";
import type { LogFields } from "../telemetry/mod.ts";
import { startBarePeer } from "./_bare_peer.ts";
import {
  BLOCK_1,
  eventually,
  RecordingEvents,
  RecordingMetrics,
  silentLogger,
  startNode,
  testIdentity,
  type TestNode,
  type TestNodeOptions,
} from "./_fixture.ts";
import { banGater } from "./ban_gater.ts";
import { BanWatch } from "./ban_watch.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";
const MAINNET = { network: "mainnet" } as const;
const BLOCK = { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header };

function makeBans(): BanService {
  return createBanService({
    store: memoryStore(),
    clock: systemClock,
    events: new RecordingEvents(),
    logger: silentLogger,
    metrics: new RecordingMetrics(),
  }, { defaultDurationMs: 86_400_000, maxEntries: 100, threshold: 100 });
}

async function startGated(
  options: TestNodeOptions = {},
): Promise<TestNode & { readonly bans: BanService }> {
  const bans = makeBans();
  const init = { ...MAINNET, ...options.init };
  return { ...await startNode({ init, components: { ...options.components, bans } }), bans };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => "none", (error) => isCommonsError(error) ? error.code : error);
}

const peersOf = ({ service }: TestNode) => service.peers().length;

Deno.test("a banned peer is disconnected and cannot come back until the ban is lifted", async (t) => {
  await using a = await startGated();
  await using b = await startGated();
  const cases: [name: string, target: string][] = [
    ["by peer id", b.identity.peerId],
    ["by address", "127.0.0.1"],
    ["by network", "127.0.0.0/8"],
  ];
  const connectTo = async (from: TestNode, to: TestNode) => {
    await from.service.addPeer(to.address);
    await from.service.removePeer("nobody"); // the dialled one is kept; that it is must not matter
    await eventually(() => peersOf(a) === 1 && peersOf(b) === 1);
  };
  for (const [name, target] of cases) {
    await t.step(`${name}, who had connected to us`, async () => {
      await connectTo(b, a);
      await a.bans.ban(target);
      await eventually(() => peersOf(a) === 0 && peersOf(b) === 0);
      await b.service.removePeer(a.identity.peerId);
      expect(await codeOf(a.service.addPeer(b.address))).toBe("PEER_BANNED");
      // The other side may see a connection for a moment, until this side has read who it is.
      await b.service.addPeer(a.address).catch(() => {}); // refused sooner or later
      await eventually(() => peersOf(b) === 0);
      expect(peersOf(a)).toBe(0);
      expect(a.bans.find(target)?.hits).toBeGreaterThan(0);
      await b.service.removePeer(a.identity.peerId);
      await a.bans.unban(target);
    });
  }
  await t.step("we had connected to them", async () => {
    await connectTo(a, b);
    await a.bans.ban(b.identity.peerId);
    await eventually(() => peersOf(a) === 0 && peersOf(b) === 0);
    await a.bans.unban(b.identity.peerId);
    await eventually(() => peersOf(a) === 1); // it is still a peer to keep
  });
});

Deno.test("a ban of an address ends the connection to a name that stands for it", async (t) => {
  await using a = await startGated();
  await using b = await startGated();
  const named = b.address.replace("/ip4/127.0.0.1/", "/dns4/localhost/");
  await a.service.addPeer(named);
  expect(a.service.peers()[0]?.address).toContain("/dns4/localhost/");
  await t.step("and no ban of another address does", async () => {
    await a.bans.ban("192.0.2.1");
    await eventually(() => peersOf(a) === 1);
  });
  for (const target of ["127.0.0.1", "127.0.0.0/8"]) {
    await t.step(target, async () => {
      await eventually(() => peersOf(a) === 1);
      await a.bans.ban(target);
      await eventually(() => peersOf(a) === 0 && peersOf(b) === 0);
      expect(await codeOf(a.service.addPeer(named))).toBe("DIAL_FAILED"); // the gater looked the name up
      await a.bans.unban(target); // it is still a peer to keep
    });
  }
});

Deno.test("BanWatch looks names up one round at a time, and ends nothing when there is no answer", async () => {
  const bans = makeBans();
  const ended: string[] = [];
  const { peerId } = await testIdentity();
  const named = (name: string) => {
    const connection = {
      status: "open",
      remotePeer: peerIdFromString(peerId),
      remoteAddr: multiaddr(`/dns4/${name}/tcp/1`),
      abort: () => void (connection.status = "aborted", ended.push(name)),
    };
    return connection as unknown as Connection;
  };
  const asked: string[] = [];
  let answer: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  using watch = new BanWatch({
    bans,
    clock: systemClock,
    logger: silentLogger,
    connections: () => [named("bad.example"), named("good.example"), named("gone.example")],
    async resolve(name) {
      asked.push(name);
      await answer?.promise;
      if (name === "gone.example") throw new Error("no such name");
      return name === "bad.example" ? ["8.8.8.8", "192.0.2.9"] : ["8.8.8.8"];
    },
  });
  watch.opened(named("bad.example"));
  expect(asked).toEqual([]); // nothing is banned, nothing is looked up
  await bans.ban(peerId.replace("12D3", "12D4"));
  expect(asked).toEqual([]);
  await bans.ban("192.0.2.0/24");
  await bans.ban("198.51.100.0/24");
  await bans.ban("203.0.113.0/24");
  expect(asked.length).toBe(3); // the first round is not over
  answer.resolve();
  answer = undefined;
  await eventually(() => asked.length === 9);
  await eventually(() => ended.length > 0);
  expect(new Set(ended)).toEqual(new Set(["bad.example"]));
});

Deno.test("gossip of a banned author is ignored, whoever passes it on", async () => {
  await using author = await startGated();
  await using relay = await startGated();
  await using node = await startGated();
  await author.service.addPeer(relay.address);
  await node.service.addPeer(relay.address);
  await eventually(() => relay.service.stats().topics[0]?.meshPeers === 2);
  await eventually(() => node.service.stats().topics[0]?.meshPeers === 1);
  await node.bans.ban(author.identity.peerId);
  await author.service.publish("block", BLOCK);
  await relay.events.until("BlockAnnounced");
  const ignored = () =>
    node.metrics.value("commons_p2p_messages_total", { topic: "block", result: "ignore", code: "BANNED" });
  await eventually(() => ignored() === 1);
  expect(node.events.of("BlockAnnounced")).toEqual([]);
  expect(node.bans.score(relay.identity.peerId).score).toBe(0);
});

Deno.test("rejected messages cost their author points, and in the end the connection", async () => {
  await using node = await startGated();
  await using peer = await startBarePeer(TOPIC);
  await peer.dial(node.address);
  await eventually(() => node.service.stats().topics[0]?.subscribers === 1);
  const block = { ...BLOCK, PeerID: peer.peerId, ClientName: "bare", DataHubURL: "" };
  await peer.publish(TOPIC, { ...block, Hash: "00".repeat(32) });
  await eventually(() => node.service.peers()[0]?.banScore === 10);
  await peer.publish(TOPIC, { ...block, PeerID: node.identity.peerId });
  await eventually(() => node.service.peers()[0]?.banScore === 30);
  for (let i = 0; i < 4; i++) await peer.publish(TOPIC, `nonsense ${i}`);
  await eventually(() => node.bans.isBannedPeer(peer.peerId) && peersOf(node) === 0);
  expect(node.bans.list()).toMatchObject([{
    target: peer.peerId,
    source: "auto",
    reason: "misbehaviour: protocol_violation",
  }]);
  expect(node.bans.score(peer.peerId).offences.map(({ offence }) => offence).slice(0, 3))
    .toEqual(["invalid_block", "protocol_violation", "protocol_violation"]);
});

Deno.test("static peers are not banned by their score", async () => {
  await using peer = await startBarePeer(TOPIC);
  const nowhere = `/ip4/127.0.0.1/tcp/1/p2p/${peer.peerId}`;
  await using node = await startGated({ init: { staticPeers: [nowhere] } });
  await peer.dial(node.address);
  await eventually(() => node.service.stats().topics[0]?.subscribers === 1);
  for (let i = 0; i < 6; i++) await peer.publish(TOPIC, `nonsense ${i}`);
  await eventually(() => node.service.stats().topics[0]?.rejected === 6);
  expect([node.bans.list(), peersOf(node)]).toEqual([[], 1]);
});

Deno.test("banGater() refuses at every stage", async (t) => {
  const bans = makeBans();
  const [bad, good] = await Promise.all([testIdentity(), testIdentity()]);
  const names: Record<string, string[]> = {
    "bad.example": ["8.8.8.8", "192.0.2.9"],
    "good.example": ["8.8.8.8"],
  };
  const refusals: (LogFields | undefined)[] = [];
  const gater = banGater({
    bans,
    clock: systemClock,
    logger: { ...silentLogger, debug: (_message, fields) => void refusals.push(fields) },
    resolve: (name) =>
      name in names ? Promise.resolve(names[name] ?? []) : Promise.reject(new Error("no such name")),
  });
  const connection = (address: string) => ({ remoteAddr: multiaddr(address) }) as MultiaddrConnection;
  const id = ({ peerId }: { peerId: string }) => peerIdFromString(peerId);
  const [badId, goodId] = [id(bad), id(good)];
  const [badLink, goodLink] = [connection("/ip4/192.0.2.9/tcp/1"), connection("/ip4/8.8.8.8/tcp/1")];
  expect(await gater.denyDialMultiaddr?.(multiaddr("/dns4/gone.example/tcp/1"))).toBe(false); // nothing is looked up yet
  await bans.ban("192.0.2.0/24");
  await bans.ban(bad.peerId);

  for (
    const stage of [
      "denyOutboundConnection",
      "denyInboundEncryptedConnection",
      "denyOutboundEncryptedConnection",
      "denyInboundUpgradedConnection",
      "denyOutboundUpgradedConnection",
    ] as const
  ) {
    await t.step(stage, async () => {
      const answers = [
        await gater[stage]?.(badId, goodLink),
        await gater[stage]?.(goodId, badLink),
        await gater[stage]?.(goodId, goodLink),
      ];
      expect(answers).toEqual([true, true, false]);
    });
  }
  const rows: [name: string, bad: unknown, good: unknown][] = [
    ["denyDialPeer", gater.denyDialPeer?.(badId), gater.denyDialPeer?.(goodId)],
    [
      "denyInboundConnection",
      gater.denyInboundConnection?.(badLink),
      gater.denyInboundConnection?.(goodLink),
    ],
    [
      "denyInboundRelayReservation",
      gater.denyInboundRelayReservation?.(badId),
      gater.denyInboundRelayReservation?.(goodId),
    ],
    [
      "denyOutboundRelayedConnection",
      gater.denyOutboundRelayedConnection?.(goodId, badId),
      gater.denyOutboundRelayedConnection?.(goodId, goodId),
    ],
    [
      "denyInboundRelayedConnection",
      gater.denyInboundRelayedConnection?.(goodId, badId),
      gater.denyInboundRelayedConnection?.(goodId, goodId),
    ],
    [
      "filterMultiaddrForPeer (true stores it)",
      gater.filterMultiaddrForPeer?.(goodId, multiaddr("/ip4/8.8.8.8/tcp/1")),
      gater.filterMultiaddrForPeer?.(goodId, multiaddr("/ip4/192.0.2.9/tcp/1")),
    ],
  ];
  for (const [name, yes, no] of rows) await t.step(name, () => expect([yes, no]).toEqual([true, false]));
  expect(refusals.at(-1)).toEqual({ reason: "BANNED", stage: "inbound relayed", target: bad.peerId });
  const dials: [address: string, denied: boolean][] = [
    ["/ip4/192.0.2.9/tcp/1", true],
    ["/ip4/8.8.8.8/tcp/1", false],
    [`/ip4/8.8.8.8/tcp/1/p2p/${bad.peerId}`, true],
    ["/dns4/bad.example/tcp/1", true],
    ["/dns/good.example/tcp/1/ws", false],
    ["/dns6/gone.example/tcp/1", true],
  ];
  for (const [address, denied] of dials) {
    await t.step(`denyDialMultiaddr ${address.slice(0, 30)}`, async () => {
      expect(await gater.denyDialMultiaddr?.(multiaddr(address))).toBe(denied);
    });
  }
});
