import { expect } from "expect";
import { CommonsError, displayHash, FakeClock, type HashHex } from "../base/mod.ts";
import { createMetrics } from "../telemetry/mod.ts";
import { mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, LATE, silentLogger, testChain } from "./_fixture.ts";
import { createPeerHeaders } from "./peer_headers.ts";
import {
  decodeHeadersQuestion,
  encodeHeadersQuestion,
  MAX_ANSWER_BYTES,
  MAX_QUESTION_BYTES,
} from "./peer_headers_codec.ts";
import type { AskedPeer } from "./peer_headers_types.ts";
import { createSourceDesk } from "./source_desk.ts";
import type { HeaderChain } from "./types.ts";

const ROOT = tipOf(genesisOf("regtest"));
const MINUTE = 60_000;

type Answer = (question: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** A chain and its client; `peers` are those that can be asked. */
async function rig(peers: Record<string, Answer>, startAt = LATE) {
  const clock = new FakeClock(startAt * 1000);
  const t = await testChain({ clock });
  const metrics = createMetrics();
  const desk = createSourceDesk({ chain: t.chain, events: t.bus, clock, logger: silentLogger });
  const asked: string[] = [];
  const told: AskedPeer[] = [];
  const service = createPeerHeaders({
    onAsked: (one) => told.push(one),
    chain: t.chain,
    clock,
    desk,
    logger: silentLogger,
    metrics,
    port: {
      speakers: () => Object.keys(peers),
      async request(peerId, question, { signal }) {
        asked.push(peerId);
        signal.throwIfAborted();
        const answer = peers[peerId];
        if (answer === undefined) throw new CommonsError("NOT_CONNECTED", "Cannot ask: it is not there");
        const gone = new Promise<never>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
        gone.catch(() => {}); // the answer may have come first
        return await Promise.race([answer(question), gone]);
      },
    },
  });
  return {
    ...t,
    clock,
    desk,
    service,
    asked,
    told,
    /** Lets what waits go on. */
    async settle(ms = 0) {
      await clock.advance(ms);
      for (let i = 0; i < 20; i++) await clock.advance(0);
    },
    outcomes: async () =>
      [...(await metrics.text()).matchAll(/peer_syncs_total\{outcome="(\w+)"\} (\d+)/g)].map((
        [, name, count],
      ) => `${name} ${count}`),
    async [Symbol.asyncDispose]() {
      await service.stop();
      desk[Symbol.dispose]();
      expect(clock.pending).toBe(0);
      await t[Symbol.asyncDispose]();
    },
  };
}

/** An honest peer: serves a chain. */
async function peerWith(headers: Uint8Array) {
  const t = await testChain();
  await t.chain.accept(headers, { lowWork: "store" });
  const { answer } = serverOf(t.chain);
  return {
    answer: (question: Uint8Array) => answer(question) ?? refuse(),
    chain: t.chain,
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
}

function serverOf(chain: HeaderChain) {
  const desk = { noteTip() {}, noteRefused() {}, forget() {}, syncing: () => ({ [Symbol.dispose]() {} }) };
  const port = { request: refuse, speakers: () => [] };
  const service = createPeerHeaders({ chain, clock: new FakeClock(), desk, logger: silentLogger, port });
  return { answer: (question: Uint8Array) => service.answer(question) };
}

function refuse(): never {
  throw new CommonsError("REQUEST_FAILED", "Cannot ask the peer: the stream was reset");
}

const hashAt = (headers: Uint8Array, height: number): HashHex =>
  displayHash(tipOf(headers.subarray((height - 1) * 80, height * 80)).hash);

const missing = (headers: Uint8Array, peerId: string) => ({
  hash: hashAt(headers, headers.length / 80),
  peerId,
  height: headers.length / 80,
});

Deno.test("questions are read as they were written, and nothing else is", async (t) => {
  const hash = (byte: string) => byte.repeat(32) as HashHex;
  const rows = [
    { locator: [hash("ab")], count: 1 },
    { locator: Array.from({ length: 101 }, () => hash("01")), stop: hash("cd"), count: 2_000 },
  ];
  for (const question of rows) {
    const bytes = encodeHeadersQuestion(question);
    expect(bytes.length).toBeLessThanOrEqual(MAX_QUESTION_BYTES);
    expect(decodeHeadersQuestion(bytes)).toEqual(question);
  }
  const good = encodeHeadersQuestion({ locator: [hash("ab")], count: 300 });
  const bad: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["another version", good.with(0, 2)],
    ["no hash", Uint8Array.of(1, 0, ...new Uint8Array(34))],
    ["too many hashes", new Uint8Array(2 + 103 * 32 + 2).fill(1).with(1, 102)],
    ["too short", good.subarray(0, -1)],
    ["too long", Uint8Array.of(...good, 0)],
    ["no headers", good.with(good.length - 2, 0).with(good.length - 1, 0)],
    ["too many headers", good.with(good.length - 1, 8)],
  ];
  for (const [name, bytes] of bad) {
    await t.step(name, () => {
      expect(() => decodeHeadersQuestion(bytes)).toThrow("Cannot read the question");
    });
  }
});

Deno.test("answer() goes on from the fork, up to the stop and the count", async () => {
  await using t = await testChain();
  const { headers } = mineHeaders(ROOT, 2_500);
  await t.chain.accept(headers);
  const { answer } = serverOf(t.chain);
  const ask = (locator: HashHex[], rest: { stop?: HashHex; count?: number } = {}) =>
    answer(encodeHeadersQuestion({ locator, count: 2_000, ...rest }));
  const genesis = displayHash(ROOT.hash);
  expect(ask([genesis])).toEqual(headers.subarray(0, 2_000 * 80));
  expect(ask([genesis], { count: 3 })).toEqual(headers.subarray(0, 240));
  expect(ask([genesis], { stop: hashAt(headers, 5) })).toEqual(headers.subarray(0, 400));
  expect(ask([hashAt(headers, 2_499), genesis])).toEqual(headers.subarray(2_499 * 80));
  expect(ask([hashAt(headers, 2_500), genesis])).toEqual(new Uint8Array());
  expect(ask([hashAt(headers, 9), genesis], { stop: hashAt(headers, 5) })).toEqual(new Uint8Array());
  expect(ask(["ab".repeat(32) as HashHex])).toBeUndefined(); // another chain
});

Deno.test("an empty chain catches up with a peer's after one header that does not connect", async () => {
  const { headers } = mineHeaders(ROOT, 5_000);
  await using peer = await peerWith(headers);
  await using r = await rig({ peer: peer.answer });
  r.service.missing(missing(headers, "peer"));
  await r.settle();
  expect(r.chain.tip()).toEqual(peer.chain.tip());
  expect(r.asked).toEqual(["peer", "peer", "peer"]);
  expect(await r.outcomes()).toEqual(["caught_up 1"]);
  expect(r.desk.sources().sources).toMatchObject([{ name: "commons-peer peer", state: "agrees" }]);
  const types = r.events.map(({ type }) => type).filter((type) => type.startsWith("HeadersSync"));
  expect(types).toEqual(["HeadersSyncStarted", "HeadersSyncCompleted"]);
});

Deno.test("a chain with little work so far is counted first, then stored", async () => {
  const own = mineHeaders(ROOT, 2_500);
  const better = mineHeaders(ROOT, 4_700, { tag: 1 });
  await using peer = await peerWith(better.headers);
  await using r = await rig({ peer: peer.answer });
  await r.chain.accept(own.headers);
  r.service.missing(missing(better.headers, "peer"));
  await r.settle();
  expect(r.chain.tip()).toEqual(peer.chain.tip());
  expect(r.chain.stats().reorgs).toBe(1);
  expect(await r.outcomes()).toEqual(["caught_up 1"]);
});

Deno.test("answers of no use cost little, and their peers are left alone for a while", async (t) => {
  const own = mineHeaders(ROOT, 3_000);
  const flood = mineHeaders(ROOT, 2_600, { tag: 1 });
  const wanted = mineHeaders(own.tip, 200, { tag: 2 });
  const broken = new Uint8Array(mineHeaders(own.tip, 20, { tag: 3 }).headers);
  broken[10 * 80 + 75] = 1; // bits
  await using low = await peerWith(flood.headers);
  const unconnected = mineHeaders({ hash: new Uint8Array(32).fill(7), time: ROOT.time }, 2_000).headers;
  const rows: [name: string, answer: Answer, outcome: string][] = [
    ["not headers", () => new Uint8Array(79), "broken"],
    ["too many headers", () => new Uint8Array(MAX_ANSWER_BYTES + 80), "broken"],
    ["garbage", () => crypto.getRandomValues(new Uint8Array(8_000)), "broken"],
    ["headers that do not connect", () => unconnected, "broken"],
    ["a header that breaks a rule", () => broken, "broken"],
    ["a chain of little work", low.answer, "low_work"],
    ["the same known headers again and again", () => own.headers.subarray(0, 2_000 * 80), "nothing"],
    ["nothing", () => new Uint8Array(), "nothing"],
    ["a reset", refuse, "silent"],
    ["another protocol", () => {
      throw new CommonsError("UNSUPPORTED_PROTOCOL", "Cannot ask: it does not speak it");
    }, "unsupported"],
  ];
  for (const [name, answer, outcome] of rows) {
    await t.step(name, async () => {
      await using r = await rig({ peer: answer });
      await r.chain.accept(own.headers);
      const before = r.chain.stats().headers;
      r.service.missing(missing(wanted.headers, "peer"));
      await r.settle(5_000);
      expect(await r.outcomes()).toEqual([`${outcome} 1`]);
      expect(r.chain.stats().headers - before).toBeLessThan(20);
      const asked = r.asked.length;
      r.service.missing(missing(wanted.headers.subarray(80), "peer"));
      await r.settle(15_000);
      expect(r.asked.length).toBe(asked);
      r.service.missing({ ...missing(wanted.headers, "peer") });
      await r.settle(outcome === "nothing" ? MINUTE : 11 * MINUTE);
      expect(r.asked.length).toBeGreaterThan(asked);
    });
  }
});

Deno.test("another peer is asked when the first one is of no use, or does not answer", async () => {
  const { headers } = mineHeaders(ROOT, 300);
  await using honest = await peerWith(headers);
  {
    await using r = await rig({ liar: () => new Uint8Array(79), honest: honest.answer });
    r.service.missing(missing(headers, "liar"));
    await r.settle();
    expect([r.chain.tip().height, r.asked]).toEqual([300, ["liar", "honest"]]);
  }
  await using r = await rig({ mute: () => new Promise(() => {}), honest: honest.answer });
  r.service.missing(missing(headers, "mute"));
  r.service.missing(missing(headers.subarray(0, -80), "mute"));
  await r.settle();
  expect(r.asked).toEqual(["mute"]); // one question at a time
  await r.settle(10_000);
  expect([r.chain.tip().height, r.asked]).toEqual([300, ["mute", "honest"]]);
});

Deno.test("who told of the header is asked first; nobody when nobody speaks the protocol", async () => {
  const { headers } = mineHeaders(ROOT, 30);
  await using peer = await peerWith(headers);
  const peers: Record<string, Answer> = {};
  await using r = await rig(peers);
  r.service.missing(missing(headers, "b"));
  await r.settle();
  expect(r.asked).toEqual([]);
  Object.assign(peers, { a: peer.answer, b: peer.answer });
  await r.settle(10_000);
  expect([r.chain.tip().height, r.asked]).toEqual([30, ["b"]]);
  r.service.missing(missing(headers, "b")); // known now
  await r.settle(MINUTE);
  expect(r.asked).toEqual(["b"]);
  expect(r.desk.sources().sources).toMatchObject([{ name: "commons-peer b" }]);
  delete peers["b"];
  await r.settle(MINUTE);
  expect(r.desk.sources().sources).toEqual([]); // gone, and its word with it
});

Deno.test("a peer that is gone before its answer comes is forgotten all the same", async () => {
  const { headers } = mineHeaders(ROOT, 30);
  await using peer = await peerWith(headers);
  const gate = Promise.withResolvers<void>();
  const peers: Record<string, Answer> = {
    a: async (question) => {
      await gate.promise;
      return peer.answer(question);
    },
  };
  await using r = await rig(peers);
  r.service.missing(missing(headers, "a"));
  await r.settle();
  delete peers["a"];
  await r.settle(MINUTE);
  gate.resolve();
  await r.settle();
  expect(r.chain.tip().height).toBe(30);
  expect(r.desk.sources().sources).toEqual([]);
});

Deno.test("a peer that sends slowly is given up", async () => {
  const { headers } = mineHeaders(ROOT, 5_000);
  await using peer = await peerWith(headers);
  const clock = { advance: (_ms: number) => Promise.resolve() };
  await using r = await rig({
    async slow(question) {
      await clock.advance(60_000);
      return peer.answer(question);
    },
  });
  clock.advance = (ms) => r.clock.advance(ms);
  r.service.missing(missing(headers, "slow"));
  await r.settle();
  expect((await r.outcomes())[0]).toBe("silent 1");
  expect(r.chain.tip().height).toBe(2_000); // what was right is kept
  expect(r.told[0]).toEqual({ peerId: "slow", outcome: "silent", answerMs: 60_000 });
});

Deno.test("stop() ends what is under way", async () => {
  const { headers } = mineHeaders(ROOT, 3);
  await using r = await rig({ mute: () => new Promise(() => {}) });
  r.service.missing(missing(headers, "mute"));
  await r.settle();
  await r.service.stop();
  expect(await r.outcomes()).toEqual(["failed 1"]);
  r.service.missing(missing(headers, "mute"));
  expect(r.asked).toEqual(["mute"]);
});
