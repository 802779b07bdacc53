import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { frameOf, SocketClient } from "./socket_client.ts";

/** A socket whose buffer the test fills and empties. */
class FakeSocket extends EventTarget {
  readonly readyState = WebSocket.OPEN;
  readonly sent: string[] = [];
  closed: number | undefined;
  bufferedAmount = 0;

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.closed = code;
  }
}

function clientOn(maxBytes = 10_000) {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const dropped: string[] = [];
  const ends: string[] = [];
  const client = new SocketClient({
    socket: socket as unknown as WebSocket,
    clock,
    maxBytes,
    onEnd: (reason) => ends.push(reason),
    onDrop: (type) => dropped.push(type),
  });
  return { socket, clock, client, dropped, ends };
}

const status = (peer_id: string, height: number) =>
  frameOf({ type: "node_status", peer_id, height } as never);
const block = (height: number) => frameOf({ type: "block", height } as never);

Deno.test("SocketClient() keeps the last status of each peer while the client is slow", () => {
  const { socket, client, dropped } = clientOn();
  socket.bufferedAmount = 1e6;
  for (const frame of [status("a", 1), block(1), status("b", 1), status("a", 2), block(2)]) {
    client.deliver(frame);
  }
  expect(client.pending.frames).toBe(4);
  expect(dropped).toEqual(["node_status"]);
  socket.bufferedAmount = 0;
  client.flush();
  expect(socket.sent.map((text) => JSON.parse(text))).toMatchObject([
    { type: "block", height: 1 },
    { type: "node_status", peer_id: "b" },
    { type: "node_status", peer_id: "a", height: 2 },
    { type: "block", height: 2 },
  ]);
  expect(client.pending).toEqual({ frames: 0, bytes: 0 });
});

Deno.test("frameOf() leaves out what is empty, but for the fields that are always there", () => {
  const { text } = frameOf({
    type: "node_status",
    peer_id: "a",
    base_url: "",
    miner_name: null,
    sync_peer_id: undefined,
    best_height: 0,
    block_assembly_details: null,
    uptime: 0,
    fee_policy: { note: "" },
  } as never);
  expect(JSON.parse(text)).toEqual({
    type: "node_status",
    peer_id: "a",
    best_height: 0,
    block_assembly_details: null,
    uptime: 0,
    fee_policy: { note: "" },
  });
});

Deno.test("SocketClient() never sends two rounds of pings at once", () => {
  const { socket, client } = clientOn();
  socket.bufferedAmount = 1e6;
  const ping = { type: "PING", timestamp: "2023-11-14T22:13:30Z", base_url: "", peer_id: "me" };
  for (let i = 0; i < 5; i++) client.deliver(frameOf(ping));
  expect(client.pending.frames).toBe(1);
});

Deno.test("SocketClient() gives up a client that takes nothing for 10 s", async () => {
  const { socket, clock, client, ends } = clientOn();
  socket.bufferedAmount = 1e6;
  client.deliver(block(1));
  await clock.advance(9_999);
  client.flush();
  expect(ends).toEqual([]);
  await clock.advance(1);
  client.flush();
  expect([ends, socket.closed, client.pending.bytes]).toEqual([["too_slow"], 1013, 0]);
});

Deno.test("SocketClient() waits for a client that is slow and reads", async () => {
  const { socket, clock, client, ends } = clientOn();
  client.deliver(block(0));
  await clock.advance(60_000); // nothing was waiting
  for (let i = 1; i <= 5; i++) {
    socket.bufferedAmount = 1e6;
    client.deliver(block(i));
    await clock.advance(9_000);
    socket.bufferedAmount = 0;
    client.flush();
  }
  expect([ends, socket.sent.length]).toEqual([[], 6]);
});

Deno.test("SocketClient() ends with 1013 what would wait beyond its bytes, but not for a status", () => {
  const { socket, client, dropped, ends } = clientOn(100);
  socket.bufferedAmount = 1e6;
  client.deliver(block(1));
  for (let i = 0; i < 50; i++) client.deliver(status(`p${i}`, 1));
  expect([ends, client.pending.bytes <= 100, dropped.length > 40]).toEqual([[], true, true]);
  for (let i = 0; i < 50; i++) client.deliver(block(i));
  expect([ends, socket.closed]).toEqual([["too_slow"], 1013]);
});
