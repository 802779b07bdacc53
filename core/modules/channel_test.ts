import { expect } from "expect";
import { CommonsError, FakeClock } from "../base/mod.ts";
import { encodeFrame, FrameReader } from "../../workers/protocol/mod.ts";
import { CellChannel, type ChannelOwner } from "./channel.ts";
import type { CellHandlers, CellLimits } from "./cell_types.ts";

const LIMITS: CellLimits = {
  memoryBytes: 1 << 26,
  startupMs: 1_000,
  unresponsiveMs: 1_000,
  stopMs: 1_000,
  eventQueue: 10,
  requestsPerSecond: 1_000,
  maxInFlight: 2,
  maxFrameBytes: 65_536,
};

/** Both ends of a channel in one process: the test is the cell. */
class Rig {
  readonly clock = new FakeClock();
  readonly seen: string[] = [];
  readonly logs: string[] = [];
  readonly channel: CellChannel;
  readonly #incoming: (Uint8Array | null)[] = [];
  #wake: (() => void) | undefined;
  #rest: Uint8Array = new Uint8Array(0);
  readonly #frames = new FrameReader(1 << 24);
  readonly sent: unknown[][] = [];
  blockWrites = false;
  #unblock: (() => void) | undefined;
  reads = 0;

  constructor(options: { limits?: Partial<CellLimits>; onCall?: CellHandlers["onCall"] } = {}) {
    const owner: ChannelOwner = {
      onStarted: () => this.seen.push("started"),
      onStopped: () => this.seen.push("stopped"),
      onFailed: (message) => this.seen.push(`failed ${message}`),
      onPong: (count) => this.seen.push(`pong ${count}`),
      onViolation: (detail) => this.seen.push(`violation ${detail}`),
      onClosed: () => this.seen.push("closed"),
    };
    this.channel = new CellChannel({
      connection: {
        read: (buffer) => this.#read(buffer),
        write: (bytes) => this.#write(bytes),
        close: () => this.#push(null),
      },
      clock: this.clock,
      limits: { ...LIMITS, ...options.limits },
      handlers: {
        onCall: options.onCall ?? ((method, params) => ({ method, params })),
        onLog: (level, message) => void this.logs.push(`${level} ${message}`),
      },
      owner,
    });
  }

  /** Sends messages as the cell would and lets the node work. */
  async send(...messages: unknown[]): Promise<void> {
    await this.sendBytes(encodeFrame(messages.map((message) => JSON.stringify(message))));
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    this.#push(bytes);
    await this.settle();
  }

  #push(bytes: Uint8Array | null): void {
    this.#incoming.push(bytes);
    this.#wake?.();
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1));
  }

  unblock(): void {
    this.blockWrites = false;
    this.#unblock?.();
  }

  async #read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    if (this.#rest.length === 0) {
      while (this.#incoming.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
      const next = this.#incoming.shift();
      if (!next) return null;
      this.#rest = next;
    }
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async #write(bytes: Uint8Array): Promise<number> {
    if (this.blockWrites) await new Promise<void>((resolve) => this.#unblock = resolve);
    const part = bytes.subarray(0, 10_000); // a socket takes what it likes
    const space = this.#frames.space;
    space.set(part.subarray(0, space.length));
    const taken = Math.min(part.length, space.length);
    this.#frames.advance(taken);
    for (let messages = this.#frames.next(); messages; messages = this.#frames.next()) {
      this.sent.push(...messages as unknown[][]);
    }
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unblock();
    this.channel.close();
    await this.settle();
  }
}

Deno.test("CellChannel answers calls in order, by value, promise and error", async () => {
  await using rig = new Rig({
    onCall(method, params) {
      if (method === "sync") return params[0];
      if (method === "async") return Promise.resolve(new Uint8Array([1, 2]));
      if (method === "refused") throw new CommonsError("PERMISSION_DENIED", "Cannot call: not granted");
      if (method === "later refused") return Promise.reject(new CommonsError("NOT_FOUND", "Cannot find it"));
      throw new Error("secret internals");
    },
  });
  rig.channel.run();
  await rig.send(["c", 1, "sync", [7]], ["c", 2, "async", []], ["c", 3, "refused", []]);
  await rig.send(["c", 4, "later refused", []], ["c", 5, "bug", []], ["c", 6, "sync", [{ $n: "9" }], 1]);
  expect(rig.sent.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
    ["r", 1, 7],
    ["r", 2, { $b: "AQI=" }, 1],
    ["e", 3, "PERMISSION_DENIED", "Cannot call: not granted"],
    ["e", 4, "NOT_FOUND", "Cannot find it"],
    ["e", 5, "INTERNAL", "Cannot answer: the node failed"],
    ["r", 6, { $n: "9" }, 1],
  ]);
  expect(rig.logs).toEqual(["error a call failed inside the node"]);
});

Deno.test("CellChannel keeps the channel open for a bad call and ends it for a bad frame", async (t) => {
  const bad: Record<string, [unknown[], string]> = {
    "parameters that are not a list": [["c", 1, "x", { a: 1 }], "INVALID_PARAMS"],
    "a broken tagged value": [["c", 1, "x", [{ $b: "*" }], 1], "INVALID_PARAMS"],
  };
  for (const [name, [message, code]] of Object.entries(bad)) {
    await t.step(name, async () => {
      await using rig = new Rig();
      rig.channel.run();
      await rig.send(message, ["c", 2, "fine", []]);
      expect(rig.sent[0]?.slice(0, 3)).toEqual(["e", 1, code]);
      expect(rig.sent[1]?.slice(0, 2)).toEqual(["r", 2]);
      expect(rig.seen).toEqual([]);
    });
  }
  const violations: Record<string, unknown> = {
    "a message that is no list": "x",
    "an unknown kind": ["z"],
    "a call without an id": ["c", "1", "x", []],
    "a call with a fractional id": ["c", 1.5, "x", []],
    "a call without a method": ["c", 1, 7, []],
    "a method longer than any": ["c", 1, "m".repeat(65), []],
    "a log line of unknown level": ["l", "fatal", "x"],
    "a log line that is no text": ["l", "info", 5],
    "a heartbeat of text": ["p", "1", 2, 3],
    "a failure without text": ["f", 1],
  };
  for (const [name, message] of Object.entries(violations)) {
    await t.step(name, async () => {
      await using rig = new Rig();
      rig.channel.run();
      await rig.send(message);
      expect(rig.seen[0]).toMatch(/^violation /);
      expect(rig.seen[1]).toBe("closed");
    });
  }
  const frames: Record<string, Uint8Array> = {
    "over the cap": new Uint8Array([1, 0, 0, 0]),
    "not JSON": new Uint8Array([0, 0, 0, 1, 0x78]),
    "not an array": new Uint8Array([0, 0, 0, 2, 0x7b, 0x7d]),
  };
  for (const [name, bytes] of Object.entries(frames)) {
    await t.step(`a frame ${name}`, async () => {
      await using rig = new Rig();
      rig.channel.run();
      await rig.sendBytes(bytes);
      expect(rig.seen[0]).toMatch(/^violation Cannot take a frame/);
    });
  }
});

Deno.test("CellChannel bounds the calls under way", async () => {
  const open: (() => void)[] = [];
  await using rig = new Rig({ onCall: () => new Promise<void>((resolve) => open.push(resolve)) });
  rig.channel.run();
  await rig.send(["c", 1, "x", []], ["c", 2, "x", []], ["c", 3, "x", []]);
  expect(rig.sent.map((message) => message.slice(0, 3))).toEqual([["e", 3, "RATE_LIMITED"]]);
  for (const resolve of open) resolve();
  await rig.settle();
  await rig.send(["c", 4, "x", []]);
  expect(open.length).toBe(4);
});

Deno.test("CellChannel reads a flooding cell no faster than its share", async () => {
  await using rig = new Rig({ limits: { requestsPerSecond: 1 } }); // the burst is 4,096 messages
  rig.channel.run();
  const flood = Array.from({ length: 3_000 }, () => ["l", "info", "x"]);
  await rig.send(...flood);
  await rig.send(...flood);
  await rig.send(...flood);
  expect(rig.logs.length).toBe(6_000); // the third frame waits: 1,904 messages of debt at 4 a second
  await rig.clock.advance(60_000);
  expect(rig.logs.length).toBe(6_000);
  await rig.clock.advance(1_000_000);
  await rig.settle();
  expect(rig.logs.length).toBe(9_000);
});

Deno.test("CellChannel drops events that a cell does not read, counts them, and stops reading it", async () => {
  await using rig = new Rig({ onCall: () => "x".repeat(60_000) });
  rig.channel.run();
  rig.blockWrites = true;
  rig.channel.send('["p",1]');
  await rig.settle();
  const results = Array.from({ length: 15 }, (_, id) => rig.channel.sendEvent(`{"id":${id}}`));
  expect(results.filter(Boolean).length).toBe(10);
  expect(rig.channel.stats.eventsDropped).toBe(5);
  await rig.send(...Array.from({ length: 20 }, (_, id) => ["c", id, "big", []])); // 1.2 MB of answers wait
  const reads = rig.reads;
  await rig.send(["c", 100, "big", []]);
  expect(rig.reads).toBe(reads); // nothing more is read until the cell takes its answers
  rig.unblock();
  await rig.settle();
  await rig.settle();
  expect(rig.sent.filter(([kind]) => kind === "v").length).toBe(10);
  expect(rig.sent.filter(([kind]) => kind === "r").length).toBe(21);
  expect(rig.channel.sendEvent("{}")).toBe(true);
});

Deno.test("CellChannel invocations resolve, fail, time out, and end with the channel", async () => {
  const ask = { kind: "rpc", method: "m", params: [1n] } as const;
  await using rig = new Rig();
  rig.channel.run();
  const answers = [1, 2, 3, 4].map(() => rig.channel.invoke(ask, { deadlineMs: 1_000 }));
  const settled = Promise.allSettled(answers);
  await rig.settle();
  expect(rig.sent[0]).toEqual(["n", 1, { kind: "rpc", method: "m", params: [{ $n: "1" }] }, 1]);
  await rig.send(["r", 1, "yes"], ["e", 2, "OOPS", "did not work"], ["r", 77, "nobody asked"]);
  await rig.clock.advance(1_200);
  await rig.send(["r", 3, "too late"]);
  const late = rig.channel.invoke(ask, { deadlineMs: 1_000 });
  rig.channel.close();
  await expect(late).rejects.toMatchObject({ code: "MODULE_NOT_RUNNING" });
  await expect(rig.channel.invoke(ask, { deadlineMs: 1 })).rejects.toMatchObject({
    code: "MODULE_NOT_RUNNING",
  });
  const outcomes = (await settled).map((one) =>
    one.status === "fulfilled" ? one.value : (one.reason as CommonsError).code
  );
  expect(outcomes).toEqual(["yes", "MODULE_FAILED", "TIMEOUT", "TIMEOUT"]);
  expect(rig.clock.pending).toBe(0);
});
