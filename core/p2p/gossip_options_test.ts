import { expect } from "expect";
import { eventually, minedHeader, startNode, type TestNode } from "./_fixture.ts";
import { type BarePeer, startBarePeer } from "./_bare_peer.ts";

const TOPIC = "commons/bitcoin/1.0.0/regtest-block";

/** What the library's class has beyond its published type. */
function internal(peer: BarePeer, name: string): (...args: readonly unknown[]) => unknown {
  const method: unknown = Reflect.get(peer.pubsub, name);
  if (typeof method !== "function") throw new Error(`gossipsub has no ${name}`);
  return (...args) => Reflect.apply(method, peer.pubsub, args);
}

/** Ids of the messages that others tell `peer` not to send to them. */
function unwantedBy(peer: BarePeer): Uint8Array[] {
  const ids: Uint8Array[] = [];
  const handle = internal(peer, "handleIdontwant");
  Reflect.set(
    peer.pubsub,
    "handleIdontwant",
    (from: unknown, told: readonly { messageIDs: Uint8Array[] }[]) => {
      ids.push(...told.flatMap(({ messageIDs }) => messageIDs));
      return handle(from, told);
    },
  );
  return ids;
}

function blockOf({ peerId }: BarePeer, { number, coinbase = "" }: { number: number; coinbase?: string }) {
  const { hash, header } = minedHeader(number);
  return { PeerID: peerId, DataHubURL: "", Hash: hash, Height: number, Header: header, Coinbase: coinbase };
}

function meshPeers({ service }: TestNode): number {
  return service.stats().topics.find(({ topic }) => topic === "block")?.meshPeers ?? 0;
}

Deno.test("gossip: neighbours are told not to send a large message that is there already", async () => {
  await using node = await startNode({ init: { network: "regtest" } });
  await using sender = await startBarePeer(TOPIC);
  await using other = await startBarePeer(TOPIC);
  const ids = unwantedBy(other);
  const ofSender = unwantedBy(sender);
  for (const peer of [sender, other]) await peer.dial(node.address);
  await eventually(() => meshPeers(node) === 2);
  await sender.publish(TOPIC, blockOf(sender, { number: 1 })); // small: saying so would cost as much as the message
  await sender.publish(TOPIC, blockOf(sender, { number: 2, coinbase: "00".repeat(300) }));
  await eventually(() => ids.length > 0);
  await eventually(() => node.events.of("BlockAnnounced").length === 2);
  const [id = new Uint8Array()] = ids;
  // as the pubsub specification has it: author, then eight bytes of sequence number
  expect([ids.length, id.length, ofSender.length]).toEqual([1, 46, 0]);
});

Deno.test("gossip: own blocks go to every neighbour at once, also to those outside the mesh", async () => {
  await using node = await startNode({ init: { network: "regtest" } });
  await using peer = await startBarePeer(TOPIC);
  await peer.dial(node.address);
  await eventually(() => meshPeers(node) === 1);
  await internal(peer, "sendPrune")(node.identity.peerId, TOPIC);
  await eventually(() => meshPeers(node) === 0);
  const { hash, header } = minedHeader(1);
  const published = await node.service.publish("block", { Hash: hash, Height: 1, Header: header });
  expect(published.recipients).toBe(1);
});
