import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { type BarePeer, startBarePeer } from "./_bare_peer.ts";
import { eventually, minedHeader, startNode, type TestNode } from "./_fixture.ts";
import { RelayFaults } from "./relay_faults.ts";
import { reject } from "./verdict.ts";

const TOPIC = "commons/bitcoin/1.0.0/regtest-block";

function blockOf({ peerId }: BarePeer, number: number, hash = minedHeader(number).hash) {
  return { PeerID: peerId, DataHubURL: "", Hash: hash, Height: 1, Header: minedHeader(number).header };
}

function rejected({ metrics }: TestNode): number {
  return metrics.value("commons_p2p_messages_total", {
    topic: "block",
    result: "reject",
    code: "HASH_MISMATCH",
  });
}

function scoreOf({ service }: TestNode, { peerId }: BarePeer): number {
  return service.peers().find((peer) => peer.peerId === peerId)?.score ?? NaN;
}

Deno.test("RelayFaults.forgives() a burst and then a few a second, each peer for itself", async () => {
  const clock = new FakeClock();
  const faults = new RelayFaults(clock);
  const bad = reject("BAD_SHAPE", "");
  const forgiven = (count: number, source: string, refused = bad, author = "author") =>
    Array.from({ length: count }, () => faults.forgives(refused, { author, source })).filter(Boolean).length;
  expect([forgiven(150, "a"), forgiven(50, "b")]).toEqual([100, 50]);
  await clock.advance(1_000);
  expect(forgiven(10, "a")).toBe(5);
  expect([forgiven(10, "c", bad, "c"), forgiven(110, "c", { ...bad, isSlip: true }, "c")]).toEqual([0, 100]);
});

Deno.test("gossip: a name that must not be shown costs the message, not its author's place", async () => {
  await using node = await startNode({ init: { network: "regtest" } });
  await using peer = await startBarePeer(TOPIC);
  await peer.dial(node.address);
  await eventually(() => node.service.stats().topics.some(({ meshPeers }) => meshPeers > 0));
  for (let i = 0; i < 20; i++) await peer.publish(TOPIC, { ...blockOf(peer, i), ClientName: "me\u0007" });
  const code = { topic: "block", result: "reject", code: "BAD_SHAPE" };
  await eventually(() => node.metrics.value("commons_p2p_messages_total", code) === 20);
  expect(scoreOf(node, peer)).toBeGreaterThanOrEqual(0);
  await peer.publish(TOPIC, { ...blockOf(peer, 100), ClientName: "me" });
  expect(await node.events.until("BlockAnnounced")).toHaveLength(1);
});

Deno.test("gossip: whoever makes bad messages is to blame, nobody who passes them on unread", async (t) => {
  await using node = await startNode({ init: { network: "regtest" } });
  await using relay = await startBarePeer(TOPIC, { listen: ["/ip4/127.0.0.1/tcp/0"] });
  await using bad = await startBarePeer(TOPIC);
  await relay.dial(node.address);
  await bad.dial(relay.address);
  await eventually(() => node.service.stats().topics.some(({ meshPeers }) => meshPeers > 0));
  let number = 0;
  const sendBad = async (count: number) => {
    const before = rejected(node);
    for (let i = 0; i < count; i++) await bad.publish(TOPIC, blockOf(bad, ++number, "ab".repeat(32)));
    await eventually(() => rejected(node) === before + count);
  };
  await t.step("through a relay", async () => {
    await sendBad(10);
    expect(scoreOf(node, relay)).toBeGreaterThanOrEqual(0);
  });
  await t.step("directly and through a relay at once", async () => {
    await bad.dial(node.address);
    await eventually(() => bad.pubsub.getSubscribers(TOPIC).length === 2);
    await sendBad(2);
    await eventually(() => scoreOf(node, bad) < 0);
    expect(scoreOf(node, relay)).toBeGreaterThanOrEqual(0);
  });
  await t.step("what the relay passes on is heard as before", async () => {
    await bad.publish(TOPIC, blockOf(bad, 1_000));
    expect(await node.events.until("BlockAnnounced")).toHaveLength(1);
  });
});
