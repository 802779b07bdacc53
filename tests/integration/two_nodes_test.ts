import { expect } from "expect";
import { type BarePeer, startBarePeer } from "../../core/p2p/_bare_peer.ts";
import { eventually } from "../support/eventually.ts";
import { type AnnouncedHeader, BLOCK_0, BLOCK_1, flippedBit, mainnetHeaders } from "../support/headers.ts";
import { helloModule } from "../support/modules.ts";
import { startTestNode, type StartTestNodeOptions, type TestNode } from "../support/node_process.ts";
import { openEvents, openSocket } from "../support/streams.ts";
import { tempDir } from "../support/temp_dir.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";
const TCP = "/ip4/127.0.0.1/tcp/0";
const MESSAGES = "commons_p2p_messages_total";

function listen(...addresses: string[]): string {
  return `p2p.listen=${JSON.stringify(addresses)}`;
}

async function startNode(set: readonly string[], options: StartTestNodeOptions = {}): Promise<TestNode> {
  return await startTestNode({ ...options, set });
}

async function startHelloNode(set: readonly string[]): Promise<TestNode> {
  return await startNode(set, { modules: { hello: await helloModule() } });
}

/** Publishes through the API; what it answers must be a success that reached somebody. */
async function publish(node: TestNode, block: AnnouncedHeader): Promise<void> {
  const { status, body } = await node.api("/api/v1/gossip/block", { body: { message: block } });
  expect({ status, body }).toMatchObject({ status: 200, body: { recipients: 1 } });
}

async function subscribers(node: TestNode): Promise<number> {
  const { body } = await node.api("/api/v1/gossip/stats");
  const { topics } = body as { topics: { topic: string; subscribers: number }[] };
  return topics.find(({ topic }) => topic === "block")?.subscribers ?? 0;
}

/** Waits until both know that the other hears blocks. */
async function connected(...nodes: TestNode[]): Promise<void> {
  for (const node of nodes) {
    await eventually("the other node's subscription", async () => await subscribers(node) > 0);
  }
}

/** What the module counted, asked for as a user does. */
async function helloBlocks(node: TestNode): Promise<string> {
  const { code, stdout, stderr } = await node.commons("hello", "blocks");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd();
}

for (const transport of ["tcp", "ws"] as const) {
  const own = transport === "tcp" ? TCP : `${TCP}/ws`;

  Deno.test(`two nodes pass a real header on over ${transport}`, async (t) => {
    await using a = await startNode([listen(own)]);
    const peers = `p2p.static_peers=${JSON.stringify(a.run.p2p)}`;
    await using b = await startHelloNode([listen(TCP), peers]);
    await connected(a, b);
    expect((await b.api("/api/v1/peers")).body).toMatchObject({
      peers: [{
        peerId: a.run.peerId,
        transport,
        direction: "outbound",
        topics: expect.arrayContaining(["block", "subtree", "node_status"]),
      }],
    });

    await t.step("block 1 shows on B's WebSocket, its event stream and in its module", async () => {
      await using socket = await openSocket(`${b.http}/ws?types=block`);
      await using events = await openEvents(`${b.http}/api/v1/events?types=BlockAnnounced`);
      expect(await socket.next()).toMatchObject({ type: "node_status", peer_id: b.run.peerId });
      await publish(a, BLOCK_1);
      expect(await socket.next()).toMatchObject({
        type: "block",
        hash: BLOCK_1.Hash,
        height: 1,
        peer_id: a.run.peerId,
      });
      expect(await events.next()).toMatchObject({
        type: "BlockAnnounced",
        payload: { block_hash: BLOCK_1.Hash, height: 1, header: BLOCK_1.Header, peer_id: a.run.peerId },
      });
      expect(await helloBlocks(b)).toBe(`1 (last: ${BLOCK_1.Hash} at height 1)`);
    });

    await t.step("getpeerinfo and the metrics tell of the other node", async () => {
      const body = { jsonrpc: "2.0", id: 1, method: "getpeerinfo" };
      const told = async () => Object((await b.api("/rpc", { body })).body).result;
      await eventually("what A says of its height", async () => (await told())[0].currentheight >= 0);
      const [peer] = await told();
      expect(peer).toMatchObject({
        id: 0,
        peerid: a.run.peerId,
        inbound: false,
        whitelisted: true,
        banscore: 0,
      });
      for (const field of ["bytessent", "bytesrecv", "lastsend", "lastrecv"]) {
        expect([field, peer[field] > 0]).toEqual([field, true]);
      }
      const outbound = { direction: "outbound", transport };
      expect(await b.metric("commons_p2p_peers", outbound)).toBe(1);
      expect(await b.metric("commons_p2p_dials_total", { result: "connected" })).toBeGreaterThan(0);
      expect(await b.metric("commons_p2p_check_ms_count", { topic: "block" })).toBeGreaterThan(0);
      expect(await a.metric("commons_p2p_sent_total", { topic: "block" })).toBe(1);
    });

    await t.step("A refuses to publish a bad one with its code", async () => {
      const rows: readonly (readonly [AnnouncedHeader & { PeerID?: string }, string])[] = [
        [flippedBit(BLOCK_0), "HASH_MISMATCH"],
        [{ ...BLOCK_0, PeerID: b.run.peerId }, "AUTHOR_MISMATCH"],
        [{ ...BLOCK_0, Header: BLOCK_0.Header.slice(2) }, "HEADER_LENGTH"],
      ];
      for (const [message, code] of rows) {
        const answer = await a.api("/api/v1/gossip/block", { body: { message } });
        expect(answer).toMatchObject({ status: 422, type: "application/problem+json", body: { code } });
      }
      expect(await a.metric("commons_p2p_published_total", { topic: "block" })).toBe(1);
    });

    await t.step("B rejects a stranger's bad ones and counts them; its module hears of none", async () => {
      await using stranger = await strangerOf(b);
      const good = messageOf(stranger, BLOCK_0);
      await stranger.publish(TOPIC, { ...good, ...flippedBit(BLOCK_0) });
      await rejected(b, "HASH_MISMATCH");
      await stranger.publish(TOPIC, { ...good, PeerID: a.run.peerId });
      await rejected(b, "AUTHOR_MISMATCH");
      expect(await helloBlocks(b)).toMatch(/^1 /);
      await stranger.publish(TOPIC, good);
      await eventually(
        "the good one",
        async () => await b.metric(MESSAGES, { topic: "block", result: "accept" }) === 2,
      );
      expect(await helloBlocks(b)).toBe(`2 (last: ${BLOCK_0.Hash} at height 0)`);
      await eventually(
        "the good one at A",
        async () => await a.metric(MESSAGES, { topic: "block", result: "accept" }) === 1,
      );
      expect(await a.metric(MESSAGES, { result: "reject" })).toBe(0); // B forwarded nothing bad
    });

    const headers = await mainnetHeaders(3);
    await t.step({
      name: `recent mainnet headers${headers ? "" : " (skipped: ../shared/vectors is not here)"}`,
      ignore: headers === undefined,
      async fn() {
        for (const header of headers ?? []) await publish(a, header);
        await eventually(
          "three more",
          async () => await b.metric(MESSAGES, { topic: "block", result: "accept" }) === 5,
        );
        expect(await helloBlocks(b)).toMatch(/^5 .* at height 822530\)$/);
      },
    });
  });
}

/** A js-libp2p node that publishes whatever it is told to, connected to `node` by TCP. */
async function strangerOf(node: TestNode): Promise<BarePeer> {
  const peer = await startBarePeer(TOPIC);
  const before = await subscribers(node);
  await peer.dial(node.run.p2p[0] ?? "");
  await eventually("the stranger's subscription", async () => await subscribers(node) > before);
  return peer;
}

function messageOf(peer: BarePeer, block: AnnouncedHeader) {
  return { ...block, PeerID: peer.peerId, ClientName: "stranger", DataHubURL: "" };
}

async function rejected(node: TestNode, code: string): Promise<void> {
  await eventually(
    `a message rejected with ${code}`,
    async () => await node.metric(MESSAGES, { topic: "block", result: "reject", code }) === 1,
  );
}

Deno.test("a node that is started again is the same peer, and its peers find it", async () => {
  await using dir = await tempDir();
  const dataDir = dir.file("data");
  let first: TestNode["run"];
  await using b = await startHelloNode([listen(TCP)]);
  {
    await using a = await startNode([listen(TCP)], { dataDir });
    first = a.run;
    const { code, stdout } = await b.commons("peer", "add", a.run.p2p[0] ?? "", "--json");
    expect({ code, peer: JSON.parse(stdout) }).toEqual({ code: 0, peer: { peerId: a.run.peerId } });
    await connected(a, b);
    await publish(a, BLOCK_0);
    await eventually("the block", async () => (await helloBlocks(b)).startsWith("1 "));
  }
  await eventually("the loss of the peer", async () => await subscribers(b) === 0);
  const sameAddress = (first.p2p[0] ?? "").replace(/\/p2p\/.*/, "");
  await using a = await startNode([listen(sameAddress)], { dataDir });
  expect(a.run).toMatchObject({ peerId: first.peerId, nodeId: first.nodeId, p2p: first.p2p });
  await connected(a, b);
  await publish(a, BLOCK_1);
  await eventually("the block", async () => (await helloBlocks(b)).startsWith("2 "));
});
