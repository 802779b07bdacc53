import { expect } from "expect";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { BLOCK_1, eventually, startNode, type TestNode } from "./_fixture.ts";
import type { P2pInit } from "./types.ts";

/** A network on loopback has private addresses only, and tests have no minutes. */
const DHT: Partial<P2pInit> = {
  dht: "private",
  sharePrivateAddresses: true,
  discoveryTiming: { lonely: 50, steady: 200, readvertiseFirst: 400 },
};

function startFinder(init: Partial<P2pInit> = {}): Promise<TestNode> {
  return startNode({ init: { ...DHT, ...init } });
}

/** Starts as many as there are settings; all are stopped with the stack. */
async function startAll(stack: AsyncDisposableStack, inits: readonly Partial<P2pInit>[]) {
  return await Promise.all(inits.map(async (init) => stack.use(await startFinder(init))));
}

const ids = (nodes: readonly TestNode[]) => nodes.map(({ identity }) => identity.peerId as string).sort();

/** Peers of a node that share its topics. */
function friends({ service }: TestNode): string[] {
  return service.peers().filter(({ topics }) => topics.includes("block")).map(({ peerId }) => peerId).sort();
}

const table = ({ metrics }: TestNode) => metrics.value("commons_p2p_dht_peers");

Deno.test("nodes find each other through one entry point that is on no topic", async (t) => {
  await using stack = new AsyncDisposableStack();
  const entry = stack.use(await startFinder({ bootstrapOnly: true }));
  const nodes = await startAll(stack, Array.from({ length: 4 }, () => ({ bootstrap: [entry.address] })));
  for (const node of nodes) {
    const others = ids(nodes.filter((other) => other !== node));
    await eventually(() => others.every((id) => friends(node).includes(id)));
    expect(friends(node)).toEqual(others);
  }
  expect(table(entry)).toBe(4);
  expect(entry.service.stats().topics.every(({ subscribers }) => subscribers === 0)).toBe(true);

  await t.step("a block of one reaches all, not the entry point", async () => {
    const [first, ...rest] = nodes;
    await first?.service.publish("block", { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header });
    await Promise.all(rest.map(({ events }) => events.until("BlockAnnounced")));
    expect(entry.events.of("BlockAnnounced")).toEqual([]);
  });

  await t.step("one that comes later is found, too", async () => {
    await using late = await startFinder({ bootstrap: [entry.address] });
    await eventually(() => ids(nodes).every((id) => friends(late).includes(id)));
  });
});

Deno.test("nodes with other DHT protocols or topics stay apart", async () => {
  await using stack = new AsyncDisposableStack();
  const entry = stack.use(await startFinder({ bootstrapOnly: true }));
  const bootstrap = [entry.address];
  const [a, b, otherDht, otherTopic] = await startAll(stack, [
    { bootstrap },
    { bootstrap },
    { bootstrap, dhtProtocol: "/elsewhere" },
    { bootstrap, network: "testnet" },
  ]) as [TestNode, TestNode, TestNode, TestNode];
  await eventually(() => friends(a).length > 0 && friends(b).length > 0 && table(otherTopic) > 0);
  await new Promise((resolve) => setTimeout(resolve, 600)); // a few more rounds
  expect(friends(a)).toEqual(ids([b]));
  expect(friends(b)).toEqual(ids([a]));
  expect(table(otherDht)).toBe(0);
  expect(otherDht.service.peers().map(({ peerId }) => peerId)).toEqual(ids([entry]));
  expect(friends(otherTopic)).toEqual([]);
});

Deno.test("a private DHT without entry points waits for somebody to come", async () => {
  await using alone = await startFinder();
  await using visitor = await startFinder({ staticPeers: [alone.address] });
  await eventually(() => table(alone) === 1 && table(visitor) === 1);
});

Deno.test("nodes of a closed network find each other; a stranger finds nobody", async () => {
  await using stack = new AsyncDisposableStack();
  const sharedKey = "5a".repeat(32);
  const entry = stack.use(await startFinder({ bootstrapOnly: true, sharedKey }));
  const bootstrap = [entry.address];
  const [a, b, stranger] = await startAll(stack, [
    { bootstrap, sharedKey },
    { bootstrap, sharedKey },
    { bootstrap, sharedKey: "5b".repeat(32) },
  ]) as [TestNode, TestNode, TestNode];
  await eventually(() => friends(a).length === 1 && friends(b).length === 1);
  expect(stranger.service.peers()).toEqual([]);
});

Deno.test("private addresses are neither told nor taken unless they are shared", async () => {
  await using entry = await startFinder({ bootstrapOnly: true, sharePrivateAddresses: false });
  await using node = await startFinder({ bootstrap: [entry.address], sharePrivateAddresses: false });
  await eventually(() => node.service.peers().length === 1);
  await new Promise((resolve) => setTimeout(resolve, 300)); // time to make a mistake
  expect(table(node) + table(entry)).toBe(0);
});

Deno.test("a restarted node comes back to its peers without entry point or static peers", async () => {
  await using dir = await tempDir();
  const peerCachePath = dir.file("peers.json");
  await using friend = await startFinder({ dht: "off" });
  {
    await using node = await startFinder({ dht: "off", peerCachePath });
    await node.service.addPeer(friend.address);
    await eventually(() => friends(node).length === 1);
  }
  const saved = JSON.parse(await Deno.readTextFile(peerCachePath));
  expect(saved.peers).toMatchObject([{ id: friend.identity.peerId, connection_count: 1 }]);
  await using again = await startFinder({ dht: "off", peerCachePath });
  await eventually(() => friends(again).length === 1);
});
