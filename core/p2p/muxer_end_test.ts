import type { MessageStream, StreamMuxer } from "@libp2p/interface";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { batchedYamux } from "./batched_yamux.ts";
import { endWithMuxer } from "./muxer_end.ts";

/** As much of a connection as a muxer and the watch use. */
class FakeConnection extends EventTarget {
  status = "open";
  readonly direction = "inbound";
  readonly writableNeedsDrain = false;
  readonly aborted: Error[] = [];
  readonly log = silentLog();

  send = () => true;

  abort(error: Error): void {
    this.aborted.push(error);
    this.end("aborted");
  }

  end(status: string): void {
    this.status = status;
    this.dispatchEvent(new Event("close"));
  }

  /** Hands the muxer bytes, as decryption does. */
  receive(data: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  get asStream(): MessageStream {
    return this as unknown as MessageStream;
  }
}

function silentLog() {
  const log = Object.assign(() => {}, {
    enabled: false,
    trace() {},
    error() {},
    newScope: (): unknown => log,
  });
  return log;
}

function setup(status: StreamMuxer["status"] = "open") {
  const connection = new FakeConnection();
  const muxer = { status };
  const clock = new FakeClock();
  endWithMuxer(connection.asStream, muxer, clock);
  return { connection, muxer, clock, message: () => connection.receive(new Uint8Array(1)) };
}

Deno.test("a connection whose muxer has ended is aborted after a grace, once", async () => {
  const { connection, muxer, clock, message } = setup();
  message();
  expect(clock.pending).toBe(0);
  muxer.status = "closed";
  message();
  message();
  expect(clock.pending).toBe(1);
  await clock.advance(1_999);
  expect(connection.aborted).toEqual([]);
  await clock.advance(1);
  expect(connection.aborted).toMatchObject([{ code: "UNAVAILABLE" }]);
  expect(clock.pending).toBe(0);
});

Deno.test("a connection that its peer closes in time is left to that", async () => {
  const { connection, clock, message } = setup("closed");
  message();
  connection.end("closed");
  expect(clock.pending).toBe(0);
  await clock.advance(10_000);
  expect(connection.aborted).toEqual([]);
});

Deno.test("a connection that is closing by itself is not aborted", async () => {
  const { connection, clock, message } = setup("closed");
  message();
  connection.status = "closing";
  await clock.advance(10_000);
  expect(connection.aborted).toEqual([]);
});

/** Window updates that open streams (Yamux specification: version, type 1, flag SYN, stream, no more window). */
function opened(streams: number): Uint8Array {
  const bytes = new Uint8Array(12 * streams);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < streams; i++) {
    view.setUint8(12 * i + 1, 1);
    view.setUint16(12 * i + 2, 1);
    view.setUint32(12 * i + 4, 2 * i + 1);
  }
  return bytes;
}

function realMuxer() {
  const connection = new FakeConnection();
  const clock = new FakeClock();
  const factory = batchedYamux({ clock })();
  return { connection, clock, muxer: factory.createStreamMuxer(connection.asStream) };
}

Deno.test("many streams may be opened in the turn in which a connection begins", async () => {
  const { connection, muxer } = realMuxer();
  connection.receive(opened(128));
  expect(muxer).toMatchObject({ status: "open", streams: { length: 128 } });
  muxer.abort(new Error("done"));
  connection.end("closed");
  await new Promise((resolve) => setTimeout(resolve)); // what the muxer held back goes nowhere
});

Deno.test("a peer has only so many streams open at once, more are refused", async () => {
  const { connection, muxer } = realMuxer();
  let told = 0;
  muxer.addEventListener("stream", () => void told++);
  connection.receive(opened(1_000));
  expect([muxer.status, muxer.streams.length, told]).toEqual(["open", 256, 256]);
  muxer.abort(new Error("done"));
  connection.end("closed");
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("endless streams before a connection has begun end it, not only its muxer", async () => {
  const { connection, clock, muxer } = realMuxer();
  connection.receive(opened(129));
  expect(muxer.status).toBe("closed");
  await clock.advance(2_000);
  expect(connection.aborted.length).toBe(1);
});

Deno.test("a peer that says goodbye and keeps the socket does not keep it for long", async () => {
  const { connection, clock, muxer } = realMuxer();
  connection.receive(Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)); // go away, in good order
  expect(muxer.status).toBe("closed");
  await clock.advance(2_000);
  expect(connection.aborted.length).toBe(1);
});
