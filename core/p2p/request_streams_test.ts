import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import type { Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { CommonsError, FakeClock, isCommonsError } from "../base/mod.ts";
import { eventually, startNode, type TestNode, type TestNodeOptions } from "./_fixture.ts";
import { REQUEST_DEADLINE_MS } from "./request_streams.ts";
import type { RequestHandler } from "./request_types.ts";

const ECHO = "/commons/test/echo/1.0.0";
const BYTES = Uint8Array.of(1, 2, 3);

const echo: RequestHandler = {
  maxRequestBytes: 200_000,
  maxAnswerBytes: 200_000,
  limits: { perPeer: 2, total: 8, rate: { perSecond: 1, burst: 5 } },
  answer: (question) => question,
};

/** Two nodes that are connected; the first answers. */
async function pair(answers: Partial<RequestHandler> = {}, options: TestNodeOptions = {}) {
  const stack = new AsyncDisposableStack();
  const a = stack.use(await startNode(options));
  const b = stack.use(await startNode());
  a.service.requests.handle(ECHO, { ...echo, ...answers }); // after the start
  b.service.requests.handle(ECHO, echo);
  await b.service.addPeer(a.address);
  await eventually(() => a.service.peers().length === 1);
  const ask = (bytes: Uint8Array = BYTES, signal?: AbortSignal) =>
    b.service.requests.request(a.identity.peerId, ECHO, bytes, { signal });
  return { a, b, ask, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => "none", (error) => isCommonsError(error) ? error.code : error);
}

function count(node: TestNode, direction: string, outcome: string): number {
  return node.metrics.value("commons_p2p_requests_total", { protocol: ECHO, direction, outcome });
}

/** A libp2p node that opens streams as it likes. */
async function startStranger() {
  const host = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  return {
    open: (node: TestNode) => host.dialProtocol(multiaddr(node.address), ECHO),
    [Symbol.asyncDispose]: async () => await host.stop(),
  };
}

const ended = (stream: Stream) => stream.status !== "open" && stream.status !== "closing";

Deno.test("request() is answered whole, whatever its size, and by who was asked", async () => {
  await using p = await pair();
  expect(await p.ask()).toEqual(BYTES);
  expect(await p.ask(new Uint8Array())).toEqual(new Uint8Array());
  const big = crypto.getRandomValues(new Uint8Array(60_000));
  const bytes = new Uint8Array(180_000);
  for (let i = 0; i < 3; i++) bytes.set(big, i * 60_000);
  expect(await p.ask(bytes)).toEqual(bytes);
  expect([count(p.b, "outbound", "done"), count(p.a, "inbound", "done")]).toEqual([3, 3]);
});

Deno.test("speakers() are the connected peers that answer the protocol", async () => {
  await using a = await startNode();
  await using b = await startNode();
  a.service.requests.handle(ECHO, echo);
  await b.service.addPeer(a.address);
  await eventually(() => b.service.peers()[0]?.userAgent !== "");
  expect([a.service.requests.speakers(ECHO), b.service.requests.speakers(ECHO)]).toEqual([[], []]);
  const code = await codeOf(a.service.requests.request(b.identity.peerId, ECHO, BYTES));
  expect(code).toBe("UNSUPPORTED_PROTOCOL");
  await b.service.removePeer(a.identity.peerId);
  b.service.requests.handle(ECHO, echo);
  await b.service.addPeer(a.address);
  await eventually(() => a.service.requests.speakers(ECHO).length === 1);
  expect(a.service.requests.speakers(ECHO)).toEqual([b.identity.peerId]);
  await b.service.removePeer(a.identity.peerId);
  await eventually(() => a.service.requests.speakers(ECHO).length === 0);
});

Deno.test("speakers() are in the order of their reputation", async () => {
  const reputations = new Map<string, number>();
  const reputationOf = (peerId: string) => reputations.get(peerId) ?? 50;
  await using a = await startNode({ components: { reputationOf } });
  await using b = await startNode();
  await using c = await startNode();
  for (const { service } of [a, b, c]) service.requests.handle(ECHO, echo);
  for (const { service } of [b, c]) await service.addPeer(a.address);
  await eventually(() => a.service.requests.speakers(ECHO).length === 2);
  const [first = "", second = ""] = a.service.requests.speakers(ECHO);
  reputations.set(first, 5);
  expect(a.service.requests.speakers(ECHO)).toEqual([second, first]);
  reputations.set(first, 90);
  expect(a.service.requests.speakers(ECHO)).toEqual([first, second]);
});

Deno.test("request() fails with a code", async (t) => {
  let answer: RequestHandler["answer"] = () => undefined;
  await using p = await pair({
    maxRequestBytes: 10,
    limits: { rate: { perSecond: 1, burst: 100 } },
    answer: (...args) => answer(...args),
  });
  const rows: [name: string, answer: RequestHandler["answer"], bytes: Uint8Array, code: string][] = [
    ["no answer", () => undefined, BYTES, "REQUEST_FAILED"],
    ["a throw", () => Promise.reject(new Error("no")), BYTES, "REQUEST_FAILED"],
    ["a question that is too long", (question) => question, new Uint8Array(11), "REQUEST_FAILED"],
    ["an answer over the own cap", () => new Uint8Array(200_001), BYTES, "REQUEST_FAILED"],
  ];
  for (const [name, given, bytes, code] of rows) {
    await t.step(name, async () => {
      answer = given;
      expect(await codeOf(p.ask(bytes))).toBe(code);
    });
  }
  await t.step("an answer over the asker's cap", async () => {
    answer = () => new Uint8Array(101);
    const work = p.b.service.requests.request(p.a.identity.peerId, ECHO, BYTES, { maxAnswerBytes: 100 });
    expect(await codeOf(work)).toBe("MESSAGE_TOO_LARGE");
  });
  await t.step("nobody is connected", async () => {
    expect(await codeOf(p.b.service.requests.request("12D3KooWnobody", ECHO, BYTES))).toBe("NOT_CONNECTED");
  });
  await t.step("the asker gives up", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    answer = (_question, _from, { signal }) => {
      asked.resolve(signal);
      return new Promise(() => {}); // an answer that heeds nothing
    };
    const control = new AbortController();
    const work = codeOf(p.ask(BYTES, control.signal));
    const signal = await asked.promise;
    control.abort(new CommonsError("UNAVAILABLE", "Cannot wait: the test says so"));
    expect(await work).toBe("UNAVAILABLE");
    await p.a.service.stop();
    expect(signal.aborted).toBe(true);
    await eventually(() => count(p.a, "inbound", "failed") > 0);
  });
  await t.step("the service has stopped", async () => {
    await p.b.service.stop();
    expect(await codeOf(p.ask())).toBe("NOT_CONNECTED");
  });
});

Deno.test("handle() refuses a second handler, and ends when it is disposed", async () => {
  await using node = await startNode();
  const first = node.service.requests.handle(ECHO, echo);
  expect(() => node.service.requests.handle(ECHO, echo)).toThrow("answered already");
  first[Symbol.dispose]();
  const second = node.service.requests.handle(ECHO, echo);
  first[Symbol.dispose]();
  expect(() => node.service.requests.handle(ECHO, echo)).toThrow("answered already");
  second[Symbol.dispose]();
});

Deno.test("an asker is slowed down, and waits for what it has asked", async () => {
  const clock = new FakeClock();
  const gate = Promise.withResolvers<void>();
  await using p = await pair({ answer: (bytes) => gate.promise.then(() => bytes) }, {
    components: { clock },
  });
  const waiting = [p.ask(), p.ask()];
  expect(await codeOf(p.ask())).toBe("TOO_MANY_STREAMS");
  gate.resolve();
  await Promise.all(waiting);
  for (let i = 0; i < 3; i++) await p.ask();
  expect(await codeOf(p.ask())).toBe("REQUEST_FAILED"); // more than five at once
  await clock.advance(1_000);
  expect(await p.ask()).toEqual(BYTES);
  expect(count(p.a, "inbound", "refused")).toBe(1);
});

Deno.test("streams that never end are ended at the deadline, others are few", async () => {
  const clock = new FakeClock();
  await using node = await startNode({ components: { clock } });
  node.service.requests.handle(ECHO, echo);
  await using stranger = await startStranger();
  const slow = [await stranger.open(node), await stranger.open(node)];
  for (const stream of slow) stream.send(BYTES);
  await eventually(() => clock.pending >= 2);
  await stranger.open(node).then((stream) => eventually(() => ended(stream)), () => {}); // refused either way
  await clock.advance(REQUEST_DEADLINE_MS);
  await eventually(() => slow.every(ended) && count(node, "inbound", "failed") === 2);
});

Deno.test("a banned peer is not answered", async () => {
  let banned = "";
  const bans = {
    isBannedPeer: (peerId: string) => peerId === banned,
    hasAddresses: () => false,
    isBannedIp: () => false,
    isBannedMultiaddr: () => false,
    addScore: () => false,
    score: () => ({ score: 0 }),
    onBan: () => ({ [Symbol.dispose]() {} }),
  };
  await using p = await pair({}, { components: { bans: bans as never } });
  expect(await p.ask()).toEqual(BYTES);
  banned = p.b.identity.peerId;
  expect(await codeOf(p.ask())).toBe("REQUEST_FAILED");
});
