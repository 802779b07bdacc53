import { expect } from "expect";
import { connect, type Socket } from "node:net";
import { FakeClock } from "../base/mod.ts";
import { eventually, startNode, type TestNode } from "./_fixture.ts";
import { openWebSocket } from "./web_sockets.ts";

const WS = { listen: ["/ip4/127.0.0.1/tcp/0/ws"] };
const UPGRADE = [
  "GET / HTTP/1.1",
  "Host: x",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "",
  "",
].join("\r\n");

function portOf(node: TestNode): number {
  return Number(/\/tcp\/(\d+)/.exec(node.address)?.[1]);
}

/** Plain connections to the port of a node, each of which says `text`. */
function hold(node: TestNode, { count, text }: { readonly count: number; readonly text: string }) {
  const sockets = Array.from({ length: count }, (): Socket => {
    const socket = connect({ host: "127.0.0.1", port: portOf(node) });
    socket.on("error", () => {}); // reset, as it should be
    socket.on("connect", () => void socket.write(text));
    return socket.resume();
  });
  return {
    sockets,
    open: () => sockets.filter(({ closed }) => !closed).length,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

Deno.test("connections that do not become a WebSocket are few, and end in time", async (t) => {
  for (const text of ["", "GET / HTTP/1.1\r\n"]) {
    await t.step(text === "" ? "they say nothing" : "they do not finish their request", async () => {
      const clock = new FakeClock();
      await using node = await startNode({ init: WS, components: { clock } });
      using held = hold(node, { count: 100, text });
      await eventually(() => held.open() === 64);
      await clock.advance(9_999);
      expect(held.open()).toBe(64);
      await clock.advance(1);
      await eventually(() => held.open() === 0);
    });
  }
});

Deno.test("a WebSocket that says nothing ends, and one that is connected stays", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ init: WS, components: { clock } });
  await using peer = await startNode();
  await peer.service.addPeer(node.address);
  await eventually(() => node.service.peers().length === 1);
  await clock.advance(20_000);
  expect(node.service.peers().length).toBe(1);
  const socket = await openWebSocket(`ws://127.0.0.1:${portOf(node)}`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
  socket.send(new Uint8Array(70_000)); // no handshake
  await closed;
  await peer.service.removePeer(node.identity.peerId);
  await eventually(() => node.service.peers().length === 0);
});

/** Sends bytes behind a finished request for a WebSocket, and waits for the connection's end. */
async function endsWith(node: TestNode, bytes: Uint8Array): Promise<void> {
  using held = hold(node, { count: 1, text: UPGRADE });
  const [socket] = held.sockets;
  await new Promise((resolve) => socket?.once("data", resolve));
  socket?.write(bytes);
  await eventually(() => held.open() === 0);
}

Deno.test("broken frames end their connection, not the node", async (t) => {
  await using node = await startNode({ init: WS });
  const large = new Uint8Array(14);
  large.set([0x82, 0xff]); // a whole binary message, masked, length in eight bytes (RFC 6455)
  new DataView(large.buffer).setBigUint64(2, 50n * 1024n * 1024n);
  const rows: readonly (readonly [string, Uint8Array])[] = [
    ["a message that is larger than any", large],
    ["reserved bits", Uint8Array.of(0xf2, 0x81, 0, 0, 0, 0, 0)],
    ["no mask", Uint8Array.of(0x82, 0x01, 0)],
    ["unknown kind", Uint8Array.of(0x8f, 0x80, 0, 0, 0, 0)],
    ["text that is none", Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0xff)],
    ["a closing that says too little", Uint8Array.of(0x88, 0x81, 0, 0, 0, 0, 1)],
  ];
  for (const [name, bytes] of rows) await t.step(name, () => endsWith(node, bytes));
});

Deno.test("what is no request ends in time, and the node goes on", async (t) => {
  const clock = new FakeClock();
  await using node = await startNode({ init: WS, components: { clock } });
  const texts = ["\0", "\x7f", "A\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "x".repeat(300_000)];
  for (
    const text of [...texts, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"]
  ) {
    await t.step(JSON.stringify(text.slice(0, 40)), async () => {
      using held = hold(node, { count: 1, text });
      await new Promise((resolve) => setTimeout(resolve, 20)); // whether it ends by itself does not matter
      await clock.advance(10_000);
      await eventually(() => held.open() === 0);
    });
  }
  await using peer = await startNode();
  await peer.service.addPeer(node.address);
});
