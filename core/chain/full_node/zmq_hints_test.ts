import { expect } from "expect";
import { concatBytes, FakeClock } from "../../base/mod.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { keptLog } from "../../../tests/support/full_node_rig.ts";
import { startZmqHints } from "./zmq_hints.ts";
import { PublisherReader, subscriberHello } from "./zmtp.ts";

const text = (value: string) => new TextEncoder().encode(value);
const frame = (flags: number, body: Uint8Array) => concatBytes([new Uint8Array([flags, body.length]), body]);

/** What libzmq's PUB socket says first. */
const GREETING = concatBytes([
  new Uint8Array([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  text("NULL".padEnd(52, "\0")),
]);
const READY = frame(
  4,
  concatBytes([text("\x05READY\x0bSocket-Type"), new Uint8Array([0, 0, 0, 3]), text("PUB")]),
);
const notice = (topic: string) =>
  concatBytes([frame(1, text(topic)), frame(1, new Uint8Array(32)), frame(0, new Uint8Array(4))]);

function read(chunks: readonly Uint8Array[]): string[] {
  const topics: string[] = [];
  const reader = new PublisherReader(([topic]) => topics.push(new TextDecoder().decode(topic)));
  for (const chunk of chunks) reader.push(chunk);
  return topics;
}

Deno.test("PublisherReader reads messages however they are cut", () => {
  const all = concatBytes([
    GREETING,
    READY,
    notice("hashblock"),
    frame(4, text("\x04PING")),
    notice("hashtx"),
  ]);
  expect(read([all])).toEqual(["hashblock", "hashtx"]);
  expect(read(Array.from(all, (byte) => new Uint8Array([byte])))).toEqual(["hashblock", "hashtx"]);
  const long = concatBytes([new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 6]), text("hashtx")]);
  expect(read([GREETING, READY, long])).toEqual(["hashtx"]);
});

Deno.test("PublisherReader refuses what is no publisher", async (t) => {
  const other = (at: number, value: number) => GREETING.map((byte, index) => index === at ? value : byte);
  const endless = Array.from({ length: 9 }, () => frame(1, text("a")));
  const rows: [string, Uint8Array[]][] = [
    ["HTTP", [text("HTTP/1.1 400")]],
    ["one wrong byte", [new Uint8Array([1])]],
    ["no signature", [other(9, 0)]],
    ["version 2", [other(10, 2)]],
    ["another mechanism", [other(13, 65)]],
    ["a message before READY", [GREETING, notice("hashtx")]],
    ["ERROR", [GREETING, frame(4, text("\x05ERROR\x02no"))]],
    ["unknown flags", [GREETING, READY, new Uint8Array([8, 0])]],
    ["a long frame", [GREETING, READY, new Uint8Array([2, 0, 0, 0, 0, 0, 0, 4, 1])]],
    ["a frame of 2^64 - 1 bytes", [GREETING, READY, new Uint8Array([2, ...new Uint8Array(8).fill(255)])]],
    ["too many parts", [GREETING, READY, ...endless]],
  ];
  for (const [name, chunks] of rows) {
    await t.step(name, () => {
      expect(() => read(chunks)).toThrow(expect.objectContaining({ code: "SOURCE_FAULT" }));
    });
  }
});

/** A publisher on loopback, and hints that listen to it. */
function hintsRig() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const clock = new FakeClock();
  const { logger, lines } = keptLog();
  const heard: string[] = [];
  const hints = startZmqHints({ clock, logger }, {
    url: `tcp://127.0.0.1:${listener.addr.port}`,
    onBlock: () => heard.push("block"),
    onTransaction: () => heard.push("transaction"),
  });
  return {
    hints,
    clock,
    heard,
    lines,
    connections,
    next: (index: number) => eventually(`connection ${index}`, () => connections[index]),
    async [Symbol.asyncDispose]() {
      await hints.stop();
      listener.close();
      await accepting;
      for (const connection of connections) {
        try {
          connection.close();
        } catch { /* the test closed it */ }
      }
    },
  };
}

Deno.test("hints come, many as one, and again after a break", async () => {
  await using t = hintsRig();
  const first = await t.next(0);
  const hello = new Uint8Array(200);
  const expected = subscriberHello(["hashblock", "hashtx"]);
  let length = 0;
  while (length < expected.length) length += await first.read(hello.subarray(length)) ?? 0;
  expect(hello.subarray(0, length)).toEqual(expected);
  await first.write(concatBytes([GREETING, READY]));
  await eventually("connected", () => t.hints.connected);
  await first.write(concatBytes(Array.from({ length: 20 }, () => notice("hashtx"))));
  await first.write(notice("hashblock"));
  await eventually("both wait", () => t.clock.pending === 3); // with the watch over silence
  expect(t.heard).toEqual([]);
  await t.clock.advance(200);
  expect(t.heard.toSorted()).toEqual(["block", "transaction"]);
  first.close();
  await eventually("it noticed", () => !t.hints.connected && t.clock.pending === 1);
  await t.clock.advance(1_000);
  const second = await t.next(1);
  await second.write(concatBytes([GREETING, READY, notice("hashblock")]));
  await eventually("connected again", () => t.hints.connected && t.clock.pending === 2);
  await t.clock.advance(200);
  expect(t.heard).toHaveLength(3);
  expect(t.lines.map((line) => line.split(" {")[0])).toEqual([
    "info the full node notifies of blocks by ZeroMQ",
    "warn the full node's ZeroMQ is not there",
    "info the full node notifies of blocks by ZeroMQ",
  ]);
});

/** Resolves when the other side closed it. */
async function ended(connection: Deno.TcpConn): Promise<void> {
  const bytes = new Uint8Array(256);
  // A reset is an end, too: what it was sent was not all read.
  while (await connection.read(bytes).catch(() => null) !== null);
}

Deno.test("a publisher that says nothing, or nonsense, is left and tried again more and more seldom", async () => {
  await using t = hintsRig();
  await t.next(0);
  await t.clock.advance(10_000); // no handshake
  await ended(await t.next(0));
  await eventually("left", () => t.clock.pending === 1);
  for (const [index, ms] of [[1, 1_000], [2, 2_000], [3, 4_000]] as const) {
    await t.clock.advance(ms - 1);
    expect(t.connections).toHaveLength(index);
    await t.clock.advance(1);
    const connection = await t.next(index);
    await connection.write(text("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await ended(connection);
    await eventually("left", () => t.clock.pending === 1);
  }
  expect(t.lines).toHaveLength(1);
});

Deno.test("silence of half an hour ends a connection", async () => {
  await using t = hintsRig();
  await (await t.next(0)).write(concatBytes([GREETING, READY]));
  await eventually("connected", () => t.hints.connected);
  await t.clock.advance(30 * 60_000);
  await eventually("left", () => !t.hints.connected && t.clock.pending === 1);
  await t.clock.advance(1_000);
  await t.next(1);
});

Deno.test("stop() ends waiting, connecting and listening", async () => {
  await using t = hintsRig();
  await (await t.next(0)).write(concatBytes([GREETING, READY, notice("hashblock")]));
  await eventually("a hint waits", () => t.clock.pending === 2);
  await t.hints.stop();
  await t.hints.stop();
  expect(t.clock.pending).toBe(0);
  expect(t.heard).toEqual([]);
});
