import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { createBanService } from "../bans/mod.ts";
import { systemClock } from "../base/mod.ts";
import { memoryStore } from "../store/mod.ts";
import { eventually, RecordingEvents, RecordingMetrics, silentLogger, startNode } from "./_fixture.ts";
import { muxerOf, sendingEndOf } from "./connection_internals.ts";

const PING = "/ipfs/ping/1.0.0";

/** A node, and a plain libp2p peer that is connected to it and can write what it likes under its own streams. */
async function attacked() {
  await using stack = new AsyncDisposableStack();
  const bans = createBanService({
    store: memoryStore(),
    clock: systemClock,
    events: new RecordingEvents(),
    logger: silentLogger,
    metrics: new RecordingMetrics(),
  }, { defaultDurationMs: 86_400_000, maxEntries: 100, threshold: 100 });
  const node = stack.use(await startNode({ components: { bans } }));
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
    connectionMonitor: { enabled: false },
  });
  stack.defer(() => host.stop());
  const address = multiaddr(node.address);
  const connection = await host.dial(address);
  const peerId = host.peerId.toString();
  await eventually(() => node.service.peers().length === 1);
  const raw = sendingEndOf(connection);
  if (raw === undefined || !("send" in raw) || typeof raw.send !== "function") throw new Error("no raw end");
  const send = raw.send.bind(raw);
  const isGone = () => node.service.peers().length === 0;
  const moved = stack.move();
  return {
    node,
    host,
    address,
    connection,
    send,
    isGone,
    points: () => bans.score(peerId).score,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Header of a Yamux frame (specification: version, type, flags, stream, length). */
function frame(type: number, { flags = 0, stream = 0, length = 0 }): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flags);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return bytes;
}

/** Writes until the node has had enough, and gives it time to say so. */
async function pour(write: () => void, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    try {
      for (let i = 0; i < 16 && !isOver(); i++) write();
    } catch {
      // closed: the node has had enough
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("pings are answered", async () => {
  await using a = await attacked();
  expect(await a.host.services.ping.ping(a.address)).toBeGreaterThanOrEqual(0);
  expect([a.isGone(), a.points()]).toEqual([false, 0]);
});

Deno.test("a peer that pours pings and does not read the answers is dropped and blamed, not kept in memory", async () => {
  await using a = await attacked();
  const stream = await a.connection.newStream(PING);
  const id = Number(stream.id);
  const chunk = new Uint8Array(60 * 1024);
  let poured = 0;
  // the answers come and are thrown away, but the stream gives no leave to send more of them
  stream.pause();
  await pour(() => {
    a.send(frame(0, { stream: id, length: chunk.length }));
    a.send(chunk);
    poured += chunk.length;
  }, a.isGone);
  expect(a.points()).toBe(50);
  expect(poured).toBeLessThan(64 * 1024 * 1024);
});

Deno.test("a peer that opens streams without end is dropped and blamed, whatever they are for", async () => {
  await using a = await attacked();
  let stream = 1_001;
  await pour(() => {
    a.send(frame(1, { flags: 1, stream }));
    a.send(frame(1, { flags: 8, stream }));
    stream += 2;
  }, a.isGone);
  expect(a.points()).toBe(50);
  expect(stream).toBeGreaterThan(3_000); // a thousand at once is not too many yet
});

Deno.test("the library still shows what the watches look at", async () => {
  await using a = await attacked();
  expect(muxerOf(a.connection)).toBeInstanceOf(EventTarget);
  expect(sendingEndOf(a.connection)?.writeBufferLength).toBe(0);
});
