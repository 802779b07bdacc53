import { expect } from "expect";
import { encodeHeaders } from "../../bitcoin/mod.ts";
import { FakeBitcoinPeer, type FakePeerInit } from "../../../tests/support/bitcoin_peer.ts";
import { mineHeaders, mineOne, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf, LATE } from "../_fixture.ts";
import { peersRig, settled, until } from "./_fixture.ts";

const ROOT = tipOf(genesisOf("regtest"));
const HEADER = 80;

/** A node that does not answer `getheaders`, from the given one on. */
function mute(init: FakePeerInit, from = 0): FakeBitcoinPeer {
  let asked = 0;
  return new FakeBitcoinPeer({ ...init, on: ({ command }) => command === "getheaders" && asked++ >= from });
}

Deno.test("header sync takes a whole chain in batches, and what is announced after it", async () => {
  const { headers, tip } = mineHeaders(ROOT, 5_000);
  const node = new FakeBitcoinPeer({ headers: headers.slice(0, 4_500 * HEADER) });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("synced", () => rig.height() === 4_500);
  await settled();
  const asked = node.session.received.filter(({ command }) => command === "getheaders");
  expect(asked.length).toBe(3);
  expect(rig.told.syncs).toEqual(["begin bitcoin-p2p a:1 4500", "end bitcoin-p2p a:1"]);
  node.announce(headers.slice(0, 4_501 * HEADER));
  await until("announced by header", () => rig.height() === 4_501);
  node.replace(headers);
  node.announceHash();
  await until("announced by hash", () => rig.height() === 5_000);
  expect(rig.t.chain.tip().hash).toBe(tip.hash.toReversed().toHex());
  await settled();
  expect(rig.told.tips.at(-1)).toMatch(/^bitcoin-p2p a:1 5000 /);
  expect(await rig.metrics()).toContain('commons_bitcoin_headers_total{outcome="accepted"} 5000');
});

Deno.test("header sync asks one peer for everything, and the others after it what they have", async () => {
  const { headers, tip } = mineHeaders(ROOT, 4_100);
  const more = mineHeaders(tip, 20).headers;
  const all = new Uint8Array([...headers, ...more]);
  const first = new FakeBitcoinPeer({ headers });
  const second = new FakeBitcoinPeer({ headers: all });
  const behind = new FakeBitcoinPeer({ headers: headers.slice(0, 100 * HEADER) });
  await using rig = await peersRig({ "a:1": first, "b:1": second, "c:1": behind });
  rig.peers.start();
  await until("synced", () => rig.height() === 4_120);
  await settled();
  const counts = [first, second, behind].map(({ session }) =>
    session.received.filter(({ command }) => command === "getheaders").length
  );
  expect(counts).toEqual([3, 1, 1]);
  expect(rig.peers.peers().map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
});

Deno.test("header sync leaves a peer that does not answer, and goes on with another where it stood", async () => {
  const { headers } = mineHeaders(ROOT, 6_000);
  const stalling = mute({ headers }, 1);
  const honest = new FakeBitcoinPeer({ headers });
  await using rig = await peersRig({ "a:1": stalling, "b:1": honest });
  rig.peers.start();
  await until("the first batch", () => rig.height() === 2_000);
  await rig.clock.advance(59_000); // 30 s, and 15 ms for each of 2,000 headers
  expect(rig.height()).toBe(2_000);
  expect(stalling.open).toBe(1);
  await rig.clock.advance(2_000);
  await until("synced", () => rig.height() === 6_000);
  expect(rig.reason("a:1")).toBe("stalled_headers");
  expect(await rig.metrics()).toContain("commons_bitcoin_stalls_total 1");
});

Deno.test("header sync takes over from a peer that is gone in the middle of a message", async () => {
  const { headers } = mineHeaders(ROOT, 3_000);
  const dying = new FakeBitcoinPeer({
    headers,
    on(message, session) {
      if (message.command !== "getheaders") return false;
      session.raw(Uint8Array.fromHex("fabfb5da6865616465727300000000000a000000")); // a header cut in two
      setImmediate(() => session.close());
      return true;
    },
  });
  const honest = new FakeBitcoinPeer({ headers });
  await using rig = await peersRig({ "a:1": dying, "b:1": honest });
  rig.peers.start();
  await until("synced", () => rig.height() === 3_000);
  await until("gone", () => rig.reason("a:1") === "closed");
  expect(rig.dials).toEqual(["a:1", "b:1"]);
  await rig.clock.advance(2_600);
  expect(rig.dials).toEqual(["a:1", "b:1", "a:1"]);
});

Deno.test("header sync gives the turn to another when one is slow all the time", async () => {
  const { headers } = mineHeaders(ROOT, 40_000);
  let answers = 0;
  const late: (() => void)[] = [];
  const slow = new FakeBitcoinPeer({
    headers,
    on(message, session) {
      if (message.command !== "getheaders") return false;
      const from = 2_000 * answers++;
      late.push(() =>
        session.send("headers", encodeHeaders(headers.subarray(from * HEADER, (from + 2_000) * HEADER)))
      );
      return true;
    },
  });
  const honest = new FakeBitcoinPeer({ headers });
  await using rig = await peersRig({ "a:1": slow, "b:1": honest });
  rig.peers.start();
  await until("connected", () => late.length === 1);
  for (let i = 0; i < 10 && slow.open > 0; i++) {
    await rig.clock.advance(40_000); // in time for each answer
    late.shift()?.();
    await settled();
  }
  await until("synced", () => rig.height() === 40_000);
  expect(answers).toBe(4);
  expect(rig.reason("a:1")).toBe("stalled_headers");
});

Deno.test("header sync drops who sends a header that breaks a rule, for longer each time", async () => {
  const { headers } = mineHeaders(ROOT, 300);
  const broken = headers.slice();
  broken[150 * HEADER + 72] = 0xfe;
  const node = new FakeBitcoinPeer({ headers: broken });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("dropped", () => rig.reason() === "invalid_headers");
  expect(rig.told.refused).toEqual(["bitcoin-p2p a:1 BAD_DIFFBITS"]);
  expect(rig.log).toContain("warn a Bitcoin node was dropped");
  expect(rig.height()).toBe(150);
  await rig.clock.advance(7 * 60_000);
  expect(node.sessions.length).toBe(1);
  await rig.clock.advance(6 * 60_000); // ten minutes, more or less
  await until("dropped again", () => node.sessions.length === 2 && node.open === 0);
  await rig.clock.advance(14 * 60_000);
  expect(node.sessions.length).toBe(2);
  await rig.clock.advance(12 * 60_000); // twenty
  expect(node.sessions.length).toBe(3);
});

Deno.test("header sync drops who sends headers with a gap", async () => {
  const { headers } = mineHeaders(ROOT, 300);
  const gap = new Uint8Array([...headers.subarray(0, 100 * HEADER), ...headers.subarray(101 * HEADER)]);
  await using rig = await peersRig({ "a:1": new FakeBitcoinPeer({ headers: gap }) });
  rig.peers.start();
  await until("dropped", () => rig.reason() === "invalid_headers");
  expect(rig.told.refused).toEqual(["bitcoin-p2p a:1 NOT_CONTINUOUS"]);
});

Deno.test("header sync is patient with a block from a fast clock", async () => {
  const { headers, tip } = mineHeaders(ROOT, 300);
  const early = mineOne(tip, { time: LATE + 3 * 3_600 }).headers;
  const node = new FakeBitcoinPeer({ headers: new Uint8Array([...headers, ...early]) });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("told", () => rig.told.refused.length > 0);
  expect(rig.told.refused).toEqual(["bitcoin-p2p a:1 TIME_TOO_NEW"]);
  expect([rig.height(), node.open]).toEqual([300, 1]);
  for (let minutes = 0; minutes < 75; minutes++) { // asked again every ten minutes: an hour later it is fine
    await rig.clock.advance(60_000);
  }
  await until("taken", () => rig.height() === 301);
});

Deno.test("header sync asks for the parents of headers that do not connect, and not for ever", async () => {
  const { headers } = mineHeaders(ROOT, 50);
  const node = new FakeBitcoinPeer({ headers: headers.slice(0, 20 * HEADER) });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("synced", () => rig.height() === 20);
  node.announce(headers, 1); // of the last one only
  await until("parents came", () => rig.height() === 50);
  const stranger = { hash: new Uint8Array(32).fill(9), time: ROOT.time };
  for (let i = 0; i < 12 && node.open > 0; i++) {
    node.session.send("headers", encodeHeaders(mineOne(stranger, { tag: i }).headers));
    await settled();
  }
  expect(rig.reason()).toBe("unconnecting_headers");
});

Deno.test("header sync counts the work of a fork before it stores anything of it", async () => {
  const own = mineHeaders(ROOT, 5_000);
  const better = mineHeaders(ROOT, 6_500, { tag: 1 });
  const stored: number[] = [];
  const starts: string[] = [];
  const node = new FakeBitcoinPeer({
    headers: better.headers,
    on(message) {
      if (message.command !== "getheaders") return;
      stored.push(rig.t.chain.stats().headers);
      starts.push(message.locator[0]?.slice(0, 8) ?? "");
    },
  });
  await using rig = await peersRig({ "a:1": node });
  await rig.t.chain.accept(own.headers);
  rig.peers.start();
  await until("reorganised", () => rig.height() === 6_500);
  expect(rig.t.chain.tip().hash).toBe(better.tip.hash.toReversed().toHex());
  expect(rig.t.chain.stats()).toMatchObject({ stale: 5_000, reorgs: 1 });
  await until("the end", () => rig.told.syncs.length === 2);
  expect(rig.told.refused).toEqual([]);
  const again = starts.indexOf(rig.t.chain.base().hash.slice(0, 8)); // where the second pass begins
  expect(again).toBe(4);
  expect(stored.slice(0, again + 1)).toEqual(Array(again + 1).fill(5_001));
});

Deno.test("header sync never stores a chain that has too little work", async () => {
  const own = mineHeaders(ROOT, 5_000);
  const worse = mineHeaders(ROOT, 4_100, { tag: 1 });
  const node = new FakeBitcoinPeer({ headers: worse.headers });
  await using rig = await peersRig({ "a:1": node });
  await rig.t.chain.accept(own.headers);
  rig.peers.start();
  await until("told", () => rig.log.includes("info a Bitcoin node's chain has too little work"));
  expect(rig.t.chain.stats()).toMatchObject({ headers: 5_001, stale: 0 });
  expect(node.open).toBe(1); // no crime
  expect(rig.told.tips.at(-1)).toContain(worse.tip.hash.toReversed().toHex().slice(0, 8));
});

Deno.test("header sync drops who shows one chain and sends another", async () => {
  const own = mineHeaders(ROOT, 3_000);
  const shown = mineHeaders(ROOT, 4_000, { tag: 1 });
  const sent = mineHeaders(ROOT, 4_000, { tag: 2 });
  const node = new FakeBitcoinPeer({
    headers: shown.headers,
    on(message) {
      const again = message.command === "getheaders" && message.locator[0] === rig.t.chain.base().hash;
      if (again) node.replace(sent.headers);
    },
  });
  await using rig = await peersRig({ "a:1": node });
  await rig.t.chain.accept(own.headers);
  rig.peers.start();
  await until("dropped", () => rig.reason() !== undefined);
  expect(rig.reason()).toBe("changed_chain");
  expect(rig.t.chain.stats().stale).toBe(0);
});

Deno.test("header sync stops floods of headers before they cost memory", async (t) => {
  const own = mineHeaders(ROOT, 3_000);
  const cheap = mineHeaders(ROOT, 2_000, { tag: 1 }).headers;
  const rows = [
    { name: "low work, 2,000 at a time", headers: cheap, messages: 20, reasons: ["flood", "changed_chain"] },
    { name: "what is known", headers: own.headers.slice(0, 8 * HEADER), messages: 800, reasons: ["flood"] },
  ];
  for (const { name, headers, messages, reasons } of rows) {
    await t.step(name, async () => {
      const node = new FakeBitcoinPeer({ headers: own.headers });
      await using rig = await peersRig({ "a:1": node });
      await rig.t.chain.accept(own.headers);
      rig.peers.start();
      await until("connected", () => rig.peers.peers()[0]?.state === "ready");
      await settled();
      for (let i = 0; i < messages; i++) node.session.send("headers", encodeHeaders(headers));
      await until("dropped", () => rig.reason() !== undefined);
      expect(reasons).toContain(rig.reason());
      expect(rig.t.chain.stats()).toMatchObject({ headers: 3_001, stale: 0 });
    });
  }
});
