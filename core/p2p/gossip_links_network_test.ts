import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, StreamHandler } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { FakeClock } from "../base/mod.ts";
import { eventually, startNode, type TestNode } from "./_fixture.ts";
import { stopGossip } from "./gossip_internals.ts";
import { gossipInside } from "./gossip_streams.ts";

const IDENTIFY = "/ipfs/id/1.0.0";
const TOPIC = "commons/bitcoin/1.0.0/regtest-block";

/** A plain libp2p node whose connections and streams a test may break. */
interface Peer extends AsyncDisposable {
  readonly pubsub: GossipSub;
  connect(node: TestNode): Promise<Connection>;
}

/** @param options `shy`: neither asks who others are nor answers the first time that it is asked */
async function startPeer(options: { readonly shy?: boolean } = {}): Promise<Peer> {
  const shy = options.shy === true;
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify({ runOnConnectionOpen: !shy }),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }),
    },
  });
  const { pubsub } = host.services;
  pubsub.subscribe(TOPIC);
  if (shy) await answerSecondOnly(host.services.identify, host);
  return {
    pubsub,
    connect: (node) => host.dial(multiaddr(node.address), { force: true }),
    async [Symbol.asyncDispose]() {
      await stopGossip(pubsub);
      await host.stop();
    },
  };
}

async function answerSecondOnly(
  identity: object,
  host: {
    unhandle(protocol: string): Promise<void>;
    handle(protocol: string, handler: StreamHandler): Promise<void>;
  },
): Promise<void> {
  const answer: unknown = Reflect.get(identity, "handleProtocol");
  if (typeof answer !== "function") throw new Error("the library has changed");
  let asked = 0;
  await host.unhandle(IDENTIFY);
  await host.handle(IDENTIFY, (stream, connection) => {
    if (asked++ === 0) return stream.abort(new Error("busy"));
    return answer.call(identity, stream, connection);
  });
}

function insideOf({ pubsub }: Peer) {
  const inside = gossipInside(pubsub);
  if (inside === undefined) throw new Error("the library has changed");
  return inside;
}

/** Whether each hears the other on the topic. */
function areLinked(node: TestNode, peer: Peer): boolean {
  return node.service.peers().some(({ topics }) => topics.includes("block")) &&
    peer.pubsub.getSubscribers(TOPIC).length === 1 && insideOf(peer).streamsOutbound.size === 1;
}

function gossipStreams(connection: Connection) {
  return connection.streams.filter(({ protocol }) => protocol.startsWith("/meshsub/"));
}

interface Trouble {
  readonly peer: Peer;
  readonly node: TestNode;
  readonly connection: Connection;
}

const TROUBLES: readonly (readonly [string, (trouble: Trouble) => Promise<unknown>])[] = [
  ["of two connections the one with gossip closes", async ({ peer, node, connection }) => {
    await peer.connect(node);
    await connection.close();
  }],
  ["of two connections the one with gossip breaks", async ({ peer, node, connection }) => {
    await peer.connect(node);
    connection.abort(new Error("broken"));
    await eventually(() => connection.status !== "open");
  }],
  ["the peer's stream ends", ({ connection }) => {
    const stream = gossipStreams(connection).find(({ direction }) => direction === "outbound");
    stream?.abort(new Error("reset"));
    return Promise.resolve(expect(stream).toBeDefined());
  }],
  ["the node's stream ends", ({ connection }) => {
    const stream = gossipStreams(connection).find(({ direction }) => direction === "inbound");
    stream?.abort(new Error("reset"));
    return Promise.resolve(expect(stream).toBeDefined());
  }],
];

for (const [name, trouble] of TROUBLES) {
  Deno.test(`GossipLinks: ${name}, and both hear each other again`, async () => {
    const clock = new FakeClock();
    await using node = await startNode({ components: { clock } });
    await using peer = await startPeer();
    const connection = await peer.connect(node);
    await eventually(() => areLinked(node, peer));
    await trouble({ peer, node, connection });
    await eventually(() => !areLinked(node, peer));
    await clock.advance(12_500);
    await eventually(() => areLinked(node, peer));
    await clock.advance(300_000);
    expect(areLinked(node, peer)).toBe(true);
    expect(node.service.peers()).toHaveLength(1);
  });
}

Deno.test("GossipLinks: a peer that could not say who it is is asked again", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ components: { clock } });
  await using peer = await startPeer({ shy: true });
  await peer.connect(node);
  await new Promise((resolve) => setTimeout(resolve, 300)); // time for the first question
  expect(areLinked(node, peer)).toBe(false);
  await clock.advance(12_500);
  await eventually(() => areLinked(node, peer));
});

Deno.test("GossipLinks: a peer that speaks into a dead line is made to speak into this one", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ components: { clock } });
  await using peer = await startPeer();
  const connection = await peer.connect(node);
  await eventually(() => areLinked(node, peer));
  const out = gossipStreams(connection).find(({ direction }) => direction === "outbound");
  out?.abort(new Error("gone"));
  const hears = () => node.service.peers().some(({ topics }) => topics.includes("block"));
  await eventually(() => !hears());
  // as with a stream over a connection whose other end has vanished: nothing tells the peer
  const believed = insideOf(peer).streamsOutbound;
  if (!(believed instanceof Map)) throw new Error("the library has changed");
  believed.set(node.identity.peerId, {
    protocol: "",
    push() {},
    pushPrefixed() {},
    close: () => Promise.resolve(),
  });
  for (let look = 0; look < 16 && !hears(); look++) {
    await clock.advance(2_500);
    await new Promise((resolve) => setTimeout(resolve, 50)); // what was begun has to go over the wire
  }
  await eventually(hears);
});

Deno.test("the remains of an old connection that end do not end gossip over the new one", async () => {
  await using node = await startNode({ components: { clock: new FakeClock() } });
  await using peer = await startPeer();
  const old = await peer.connect(node);
  await eventually(() => areLinked(node, peer));
  const fresh = await peer.connect(node);
  const inside = insideOf(peer);
  await new Promise((resolve) => setTimeout(resolve, 300)); // identify over the new one would mend what is tested here
  // the peer came back: it opens gossip over its new connection, and knows nothing of the old one
  await fresh.newStream([...inside.protocols]);
  const [replaced] = gossipStreams(old).filter(({ direction }) => direction === "outbound");
  await eventually(() => replaced?.remoteWriteStatus === "closed"); // the node has let go of it
  replaced?.abort(new Error("gone at last"));
  await new Promise((resolve) => setTimeout(resolve, 300)); // time to make a mistake
  expect(node.service.peers()[0]?.topics).toEqual(["block"]);
});

Deno.test("a peer that does not answer holds up nobody's gossip", async () => {
  await using node = await startNode();
  await using silent = await startPeer();
  const connection = await silent.connect(node);
  await eventually(() => areLinked(node, silent));
  // from now on it takes streams and says nothing on them
  const muxer: unknown = Reflect.get(connection, "muxer");
  const listener: unknown = Reflect.get(connection, "onIncomingStream");
  if (!(muxer instanceof EventTarget) || typeof listener !== "function") {
    throw new Error("the library has changed");
  }
  muxer.removeEventListener("stream", listener as EventListener);
  for (const stream of gossipStreams(connection)) stream.abort(new Error("again"));
  await connection.newStream([...insideOf(silent).protocols]);
  const unanswered = () =>
    connection.streams.find((one) => one.direction === "inbound" && one.protocol === "");
  await eventually(() => unanswered() !== undefined);
  const first = unanswered();
  await using peer = await startPeer();
  await peer.connect(node);
  await eventually(() => peer.pubsub.getSubscribers(TOPIC).length === 1);
  expect(first?.status).toBe("open"); // the library gives it ten seconds, and opens no other stream in that time
});
