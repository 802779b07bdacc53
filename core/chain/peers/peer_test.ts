import { expect } from "expect";
import {
  CompactWriter,
  encodeFrame,
  encodeGetHeaders,
  encodeInventory,
  encodeNonce,
  encodeVersion,
  INVENTORY,
  type VersionMessage,
  wireNetwork,
} from "../../bitcoin/mod.ts";
import type { HashHex } from "../../base/mod.ts";
import { FakeBitcoinPeer, type FakePeerInit, type FakeSession } from "../../../tests/support/bitcoin_peer.ts";
import { duplexPair } from "../../../tests/support/memory_duplex.ts";
import { mineHeaders, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf } from "../_fixture.ts";
import { type PeersRig, peersRig, settled, until } from "./_fixture.ts";

const ROOT = tipOf(genesisOf("regtest"));
const { magic } = wireNetwork("regtest");
const HASH = "11".repeat(32) as HashHex;
const VERSION: VersionMessage = {
  version: 70_016,
  services: 9n,
  time: 0n,
  nonce: 5n,
  userAgent: "/x/",
  startHeight: 0,
  relay: false,
};

/** Connected to one node that is well-behaved so far. */
async function connected(init: FakePeerInit = {}): Promise<PeersRig & { readonly node: FakeBitcoinPeer }> {
  const node = new FakeBitcoinPeer(init);
  const rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("ready", () => rig.peers.peers()[0]?.state === "ready");
  await settled();
  return { ...rig, node };
}

Deno.test("a peer says honestly what this node is", async () => {
  await using rig = await connected({ version: { userAgent: "/evil:\u0007<b>/", startHeight: -5 } });
  const [version, verack, ...rest] = rig.node.session.received;
  expect(version).toMatchObject({
    command: "version",
    version: {
      version: 70_016,
      services: 0n,
      userAgent: "/commons-node:0.0.1/",
      startHeight: 0,
      relay: false,
    },
  });
  expect(verack).toEqual({ command: "verack" });
  expect(rest.map(({ command }) => command)).toEqual(["sendheaders", "ping", "getheaders"]);
  expect(rig.peers.peers()).toMatchObject([{
    address: "a:1",
    origin: "config",
    state: "ready",
    version: 70_016,
    services: "9",
    userAgent: "/evil:??b?/",
    claimedHeight: 0,
    pingMs: 0,
    syncing: false,
  }]);
  expect(await rig.metrics()).toContain('commons_bitcoin_peers{state="ready"} 1');
  expect(await rig.metrics()).toContain('commons_bitcoin_messages_total{direction="in",command="verack"} 1');
});

Deno.test("a peer is dropped during the handshake for what it says", async (t) => {
  const frame = (command: string, payload = new Uint8Array(0)) => encodeFrame(magic, { command, payload });
  const says = (version: Partial<VersionMessage>) =>
    frame("version", encodeVersion({ ...VERSION, ...version }));
  const announced = (command: string, length: number) => {
    const bytes = frame(command);
    new DataView(bytes.buffer).setUint32(16, length, true);
    return bytes;
  };
  const damaged = says({});
  damaged[40] = 0xff;
  const mainnet = encodeFrame(wireNetwork("mainnet").magic, {
    command: "version",
    payload: encodeVersion(VERSION),
  });
  const rows: readonly (readonly [string, readonly Uint8Array[], string])[] = [
    ["another network", [mainnet], "protocol"],
    ["a web server", [new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")], "protocol"],
    ["garbage", [Uint8Array.from({ length: 500 }, (_, i) => i * 7)], "protocol"],
    ["an oversize version", [announced("version", 1_025)], "protocol"],
    ["an oversize block", [announced("block", 4_000_001)], "protocol"],
    ["a bad checksum", [damaged], "protocol"],
    ["a short version", [frame("version", encodeVersion(VERSION).slice(0, 60))], "protocol"],
    ["headers before version", [frame("headers", Uint8Array.of(0))], "protocol"],
    ["verack before version", [frame("verack")], "protocol"],
    ["headers before verack", [says({}), frame("headers", Uint8Array.of(0))], "protocol"],
    ["version twice", [says({}), says({})], "protocol"],
    ["an old version", [says({ version: 70_011 })], "old_version"],
    ["a negative version", [says({ version: -1 })], "old_version"],
    ["the end", [], "closed"],
  ];
  for (const [name, messages, reason] of rows) {
    await t.step(name, async () => {
      const node = new FakeBitcoinPeer({ silent: true });
      await using rig = await peersRig({ "a:1": node });
      rig.peers.start();
      await until("connected", () => node.sessions.length === 1);
      for (const bytes of messages) node.session.raw(bytes);
      await settled(5);
      if (messages.length === 0) node.session.close();
      await until("dropped", () => rig.reason() !== undefined);
      expect(rig.reason()).toBe(reason);
      expect(rig.peers.peers()[0]?.state).toBe("waiting");
    });
  }
});

Deno.test("a peer that is this node itself is dropped", async () => {
  const node = new FakeBitcoinPeer({
    on(message, session) {
      if (message.command !== "version") return false;
      session.send("version", encodeVersion({ ...VERSION, nonce: message.version.nonce }));
      return true;
    },
  });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("dropped", () => rig.reason() === "self");
});

Deno.test("a peer has half a minute for the handshake, in whole or byte by byte", async (t) => {
  for (const drip of [false, true]) {
    await t.step(drip ? "slow drip" : "silence", async () => {
      const node = new FakeBitcoinPeer({ silent: true });
      await using rig = await peersRig({ "a:1": node });
      rig.peers.start();
      await until("connected", () => node.sessions.length === 1);
      const bytes = encodeFrame(magic, { command: "version", payload: encodeVersion(VERSION) });
      for (let second = 0; second < 29; second++) {
        if (drip) node.session.raw(bytes.subarray(second, second + 1));
        await rig.clock.advance(1_000);
      }
      expect(rig.reason()).toBe(undefined);
      await rig.clock.advance(1_000);
      expect(rig.reason()).toBe("handshake_timeout");
      expect(node.open).toBe(0);
    });
  }
});

Deno.test("a peer is pinged every minute, and dropped when it does not answer", async () => {
  let answers = true;
  await using rig = await connected({ on: ({ command }) => command === "ping" && !answers });
  await rig.clock.advance(10 * 60_000);
  const pings = rig.node.session.received.filter(({ command }) => command === "ping");
  expect(pings.length).toBe(11);
  expect(rig.node.open).toBe(1);
  answers = false;
  rig.node.session.send("pong", encodeNonce(1n)); // of nobody's ping
  await rig.clock.advance(60_000 + 89_000);
  expect(rig.node.open).toBe(1);
  await rig.clock.advance(2_000);
  expect(rig.reason()).toBe("ping_timeout");
});

Deno.test("a message that never ends is no answer", async () => {
  const node: FakeBitcoinPeer = new FakeBitcoinPeer({
    on(message, session) {
      if (message.command !== "getheaders") return false;
      const whole = encodeFrame(magic, { command: "inv", payload: encodeInventory([]) });
      new DataView(whole.buffer).setUint32(16, 60_000, true);
      session.raw(whole);
      return true;
    },
  });
  await using rig = await peersRig({ "a:1": node, "b:1": new FakeBitcoinPeer() });
  rig.peers.start();
  await until("ready", () => rig.peers.peers().every(({ state }) => state === "ready"));
  for (let second = 0; second < 40 && node.open > 0; second++) {
    node.session.raw(new Uint8Array(10));
    await rig.clock.advance(1_000);
  }
  expect(rig.reason("a:1")).toBe("stalled_headers");
});

Deno.test("a peer that floods is dropped", async (t) => {
  const many = (count: number, send: (session: FakeSession) => void) => (session: FakeSession) => {
    for (let i = 0; i < count; i++) send(session);
  };
  const inventory = encodeInventory(
    Array.from({ length: 2_000 }, () => ({ kind: INVENTORY.block, hash: HASH })),
  );
  const address = new CompactWriter().uint32(0).uint64(9n).bytes(new Uint8Array(16)).uint16be(1).finish();
  const addresses = new CompactWriter().compactSize(1_000);
  for (let i = 0; i < 1_000; i++) addresses.bytes(address);
  const rows = [
    { name: "pings", flood: many(40, (session) => session.send("ping", encodeNonce(1n))) },
    { name: "inventories", flood: many(40, (session) => session.send("inv", inventory)) },
    { name: "addresses", flood: many(100, (session) => session.send("addr", addresses.finish())) },
    { name: "unknown messages", flood: many(2_500, (session) => session.send("whatever")) },
    {
      name: "large unknown messages",
      flood: many(40, (session) => session.send("what", new Uint8Array(65_000))),
    },
    { name: "getdata", flood: many(40, (session) => session.send("getdata", inventory)) },
  ];
  for (const { name, flood } of rows) {
    await t.step(name, async () => {
      await using rig = await connected();
      flood(rig.node.session);
      await until("dropped", () => rig.reason() === "flood");
    });
  }
});

Deno.test("a peer is dropped for breaking the format later", async (t) => {
  const rows: readonly (readonly [string, (session: FakeSession) => void, string])[] = [
    [
      "headers with transactions",
      (session) => session.send("headers", Uint8Array.from([1, ...new Uint8Array(80), 1])),
      "protocol",
    ],
    ["a block that nobody asked for", (session) => session.send("block", new Uint8Array(81)), "protocol"],
    ["version again", (session) => session.send("version", encodeVersion(VERSION)), "protocol"],
    ["a short ping", (session) => session.send("ping", new Uint8Array(4)), "protocol"],
  ];
  for (const [name, misbehave, reason] of rows) {
    await t.step(name, async () => {
      await using rig = await connected();
      misbehave(rig.node.session);
      await until("dropped", () => rig.reason() === reason);
      expect(rig.log).toContain("warn a Bitcoin node was dropped");
      expect(rig.told.tips).toContain("bitcoin-p2p a:1 gone");
    });
  }
});

Deno.test("a peer that does not read is dropped before much waits for it", async (t) => {
  const { headers } = mineHeaders(ROOT, 2_500);
  const inventory = encodeInventory(
    Array.from({ length: 2_000 }, () => ({ kind: INVENTORY.block, hash: HASH })),
  );
  const rows = [
    { name: "little", questions: 1, reason: "write_timeout" },
    { name: "two megabytes", questions: 10, reason: "send_queue" },
  ];
  for (const { name, questions, reason } of rows) {
    await t.step(name, async () => {
      const [own, theirs] = duplexPair();
      const node = new FakeBitcoinPeer();
      node.serve(own);
      let stopped = false;
      let fail = (_error: Error) => {};
      const stuck = {
        read: (into: Uint8Array) => theirs.read(into),
        write: (bytes: Uint8Array) =>
          stopped ? new Promise<number>((_, reject) => fail = reject) : theirs.write(bytes),
        close: () => (theirs.close(), fail(new Error("closed"))),
      };
      await using rig = await peersRig({}, { peers: ["a:1"], connect: () => Promise.resolve(stuck) });
      await rig.t.chain.accept(headers);
      rig.peers.start();
      await until("ready", () => rig.peers.peers()[0]?.state === "ready");
      await settled();
      stopped = true;
      for (let i = 0; i < questions; i++) {
        node.session.send("getheaders", encodeGetHeaders([rig.t.chain.base().hash]));
        node.session.send("getdata", inventory);
      }
      await settled();
      if (reason === "write_timeout") await rig.clock.advance(30_000);
      expect(rig.reason()).toBe(reason);
      await node.sessions[0]?.done;
    });
  }
});

Deno.test("a peer's questions are answered from the chain, as far as there is an answer", async () => {
  const { headers } = mineHeaders(ROOT, 3_000);
  await using rig = await connected({ headers });
  await until("synced", () => rig.height() === 3_000);
  const { session } = rig.node;
  const hashAt = (height: number) => rig.t.chain.hashAt(height) ?? HASH;
  const answers = async (locator: readonly HashHex[], stop?: HashHex) => {
    const before = session.received.length;
    const payload = encodeGetHeaders(locator);
    if (stop !== undefined) payload.set(Uint8Array.fromHex(stop).reverse(), payload.length - 32);
    session.send("getheaders", payload);
    session.send("ping", encodeNonce(77n));
    await until("answered", () => session.received.slice(before).some(({ command }) => command === "pong"));
    return session.received.slice(before).flatMap((message) =>
      message.command === "headers" ? [message.headers] : []
    );
  };
  expect(await answers([HASH, hashAt(2_990)])).toEqual([headers.slice(2_990 * 80)]);
  expect(await answers([hashAt(0)])).toEqual([headers.slice(0, 2_000 * 80)]);
  expect(await answers([hashAt(10)], hashAt(12))).toEqual([headers.slice(10 * 80, 12 * 80)]);
  expect(await answers([hashAt(3_000)])).toEqual([new Uint8Array(0)]);
  expect(await answers([HASH])).toEqual([]);
  expect(await answers([])).toEqual([]);
  for (let i = 0; i < 20; i++) await answers([hashAt(2_999)]); // no more than ten in a row
  expect(session.received.filter(({ command }) => command === "headers").length).toBeLessThan(11);
  const items = [{ kind: INVENTORY.witnessBlock, hash: hashAt(5) }];
  session.send("getdata", encodeInventory(items));
  await until("told", () => session.received.some(({ command }) => command === "notfound"));
  expect(session.received.at(-1)).toEqual({ command: "notfound", items });
});

Deno.test("a peer's questions are not answered while the chain has less work than the network", async () => {
  const node = new FakeBitcoinPeer({ network: "mainnet" });
  await using rig = await peersRig({ "a:1": node }, { network: "mainnet" });
  rig.peers.start();
  await until("ready", () => rig.peers.peers()[0]?.state === "ready");
  node.session.send("getheaders", encodeGetHeaders([rig.t.chain.base().hash]));
  await settled();
  expect(node.session.received.some(({ command }) => command === "headers")).toBe(false);
});
