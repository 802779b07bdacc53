import type { MessageStream } from "@libp2p/interface";
import { expect } from "expect";
import { afterTurn } from "../base/mod.ts";
import { batchedConnection, batchedStream } from "./batched_yamux.ts";
import { TurnEnd } from "./send_batch.ts";

/** As much of a connection as the batching uses; remembers what it was given to send. */
function fakeConnection(options: { readonly full?: boolean; readonly ended?: boolean } = {}) {
  const sent: Uint8Array[] = [];
  const connection = {
    writableNeedsDrain: false,
    send(bytes: Uint8Array): boolean {
      if (options.ended) throw new Error("ended");
      sent.push(bytes);
      connection.writableNeedsDrain = options.full === true;
      return options.full !== true;
    },
  };
  const turnEnd = new TurnEnd();
  return { sent, turnEnd, connection: batchedConnection(connection as unknown as MessageStream, turnEnd) };
}

const turn = () => new Promise<void>((resolve) => afterTurn(resolve));

Deno.test("batchedConnection() sends what one turn brings as one, in order", async () => {
  const { sent, connection } = fakeConnection();
  expect(connection.send(Uint8Array.of(0, 0, 1))).toBe(true);
  await Promise.resolve(); // still the same turn
  connection.send(Uint8Array.of(0, 0, 2));
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual([Uint8Array.of(0, 0, 1, 0, 0, 2)]);
  connection.send(Uint8Array.of(0, 1, 3));
  await turn();
  expect(sent.length).toBe(2);
});

Deno.test("batchedConnection() sends at once what is large, and a goodbye with what is before it", async () => {
  const { sent, connection } = fakeConnection();
  connection.send(new Uint8Array(10));
  connection.send(new Uint8Array(50_000));
  expect(sent.map(({ length }) => length)).toEqual([50_010]);
  connection.send(new Uint8Array(10));
  connection.send(Uint8Array.of(0, 3));
  expect(sent.map(({ length }) => length)).toEqual([50_010, 12]);
  await turn();
  expect(sent.length).toBe(2);
});

Deno.test("batchedConnection() tells the muxer when the connection takes no more", async () => {
  const { connection } = fakeConnection({ full: true });
  expect(connection.send(new Uint8Array(1))).toBe(true);
  await turn();
  expect(connection.send(new Uint8Array(1))).toBe(false);
  expect(connection.send(new Uint8Array(60_000))).toBe(false);
  await turn();
});

Deno.test("batchedConnection() survives a connection that ended in the meantime", async () => {
  const { sent, connection } = fakeConnection({ ended: true });
  connection.send(new Uint8Array(1));
  await turn();
  expect(sent).toEqual([]);
});

Deno.test("batchedStream() sends what one turn brings as one, in the connection's own packet", async () => {
  const { sent, turnEnd, connection } = fakeConnection();
  let closed = 0;
  const stream = batchedStream({
    writableNeedsDrain: false,
    send: (bytes: Parameters<MessageStream["send"]>[0]) => connection.send(bytes),
    close: () => Promise.resolve(void closed++),
  }, turnEnd);
  stream.send(Uint8Array.of(0, 0, 1));
  connection.send(Uint8Array.of(0, 1, 9));
  stream.send(Uint8Array.of(0, 0, 2));
  await turn();
  expect(sent).toEqual([Uint8Array.of(0, 1, 9, 0, 0, 1, 0, 0, 2)]);
  stream.send(Uint8Array.of(0, 0, 3));
  await stream.close();
  expect(closed).toBe(1);
  await turn();
  expect(sent[1]).toEqual(Uint8Array.of(0, 0, 3));
  await turn();
  expect(sent.length).toBe(2);
});
