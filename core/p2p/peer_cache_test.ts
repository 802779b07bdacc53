import { expect } from "expect";
import { FakeClock, type PeerIdText } from "../base/mod.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import type { Logger } from "../telemetry/mod.ts";
import { bestPeers, type CachedPeer, prunedPeers, readCache, writeCache } from "./peer_cache.ts";
import { PeerCache } from "./peer_cache_book.ts";
import { PeerCacheFile } from "./peer_cache_file.ts";

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

function id(number: number): PeerIdText {
  return `12D3KooW${String(number).replaceAll("0", "z").padStart(44, "A")}` as PeerIdText; // of the right form
}

function peer(number: number, fields: Partial<CachedPeer> = {}): CachedPeer {
  return {
    id: id(number),
    addresses: [`/ip4/8.8.4.${number % 250}/tcp/9905`],
    lastSeen: NOW,
    lastConnected: NOW,
    connections: 1,
    failures: 0,
    ...fields,
  };
}

function recordingLogger() {
  const warnings: string[] = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn: (message) => void warnings.push(message),
    error() {},
    child: () => logger,
  };
  return { logger, warnings };
}

Deno.test("bestPeers() puts those that worked best first", () => {
  const peers = [
    peer(1, { connections: 0, failures: 0 }),
    peer(2, { connections: 3, failures: 1 }),
    peer(3, { connections: 9, failures: 0 }),
    peer(4, { connections: 1, lastConnected: NOW - DAY }),
    peer(5, { connections: 1 }),
    peer(6, { connections: 100, failures: 5 }),
    peer(7, { connections: 100, lastSeen: NOW - 30 * DAY }),
  ];
  const numbers = bestPeers(peers, { now: NOW, limit: 50 }).map((one) => peers.indexOf(one) + 1);
  expect(numbers).toEqual([3, 2, 5, 4, 1]);
  expect(bestPeers(peers, { now: NOW, limit: 2 })).toHaveLength(2);
});

Deno.test("prunedPeers() keeps a hundred, none that is gone for good", () => {
  const many = Array.from({ length: 300 }, (_, i) => peer(i));
  expect(prunedPeers(many, NOW)).toHaveLength(100);
  expect(prunedPeers([peer(1, { failures: 10 }), peer(2, { failures: 9 })], NOW)).toHaveLength(1);
  expect(prunedPeers([peer(1, { addresses: [] })], NOW)).toEqual([]);
});

Deno.test("readCache() reads what writeCache() wrote", () => {
  const peers = [peer(1), peer(2, { connections: 0, lastConnected: 0, failures: 3 })];
  expect(readCache(writeCache(peers), NOW)).toEqual(peers);
  const row = JSON.parse(writeCache(peers)).peers[0];
  expect(Object.keys(row)).toEqual([
    "id",
    "addresses",
    "last_seen",
    "last_connected",
    "connection_count",
    "failure_count",
  ]);
});

Deno.test("readCache() makes the best of odd files", async (t) => {
  const row = JSON.parse(writeCache([peer(1)])).peers[0];
  const file = (...peers: unknown[]) => JSON.stringify({ version: 1, peers });
  const wholes: readonly (readonly [string, string])[] = [
    ["empty", ""],
    ["half", writeCache([peer(1)]).slice(0, 100)],
    ["zeros", "\0".repeat(100)],
    ["another version", JSON.stringify({ version: 2, peers: [] })],
    ["a list", "[]"],
    ["null", "null"],
    ["no peers", JSON.stringify({ version: 1 })],
  ];
  for (const [name, text] of wholes) {
    await t.step(`${name}: refused`, () => expect(() => readCache(text, NOW)).toThrow(SyntaxError));
  }
  const rows: readonly (readonly [string, unknown])[] = [
    ["null", null],
    ["no id", { ...row, id: undefined }],
    ["an id that is none", { ...row, id: "../../etc/passwd" }],
    ["no addresses", { ...row, addresses: [] }],
    ["addresses that are none", { ...row, addresses: [1, "", "x", "/a b", `/${"x".repeat(300)}`] }],
    ["too old", { ...row, last_seen: "2001-01-01T00:00:00Z" }],
    ["no time", { ...row, last_seen: "yesterday" }],
  ];
  for (const [name, value] of rows) {
    await t.step(`${name}: left out`, () => expect(readCache(file(value), NOW)).toEqual([]));
  }
  await t.step("times ahead count as now, counts are clamped", () => {
    const odd = { ...row, last_seen: "2999-01-01T00:00:00Z", connection_count: -5, failure_count: 1.5 };
    expect(readCache(file(odd), NOW)).toMatchObject([{ lastSeen: NOW, connections: 0, failures: 0 }]);
  });
  await t.step("the same peer twice is one, addresses are few", () => {
    const addresses = Array.from({ length: 50 }, (_, i) => `/ip4/8.8.4.4/tcp/${i + 1}`);
    const [only, ...rest] = readCache(file(row, { ...row, addresses }), NOW);
    expect([only?.addresses.length, rest.length]).toEqual([8, 0]);
  });
});

Deno.test("PeerCacheFile keeps what it can't read and starts empty", async (t) => {
  await using dir = await tempDir();
  const path = dir.file("peers.json");
  const { logger, warnings } = recordingLogger();
  const file = new PeerCacheFile({ logger }, { path });
  await t.step("no file is no fault", async () => {
    expect(await file.load(NOW)).toEqual([]);
    expect(warnings).toEqual([]);
  });
  await t.step("written for the owner only", async () => {
    await file.save([peer(1)]);
    expect(await file.load(NOW)).toEqual([peer(1)]);
    if (Deno.build.os !== "windows") expect(((await Deno.stat(path)).mode ?? 0) & 0o777).toBe(0o600);
  });
  await t.step("damaged", async () => {
    await Deno.writeTextFile(path, "{ half");
    expect(await file.load(NOW)).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(await Deno.readTextFile(`${path}.bad`)).toBe("{ half");
    await file.save([peer(2)]);
    expect(await file.load(NOW)).toEqual([peer(2)]);
  });
  await t.step("too big, or a folder", async () => {
    await Deno.writeTextFile(path, " ".repeat(2 * 1024 * 1024));
    expect(await file.load(NOW)).toEqual([]);
    await Deno.remove(path);
    await Deno.mkdir(path);
    expect(await file.load(NOW)).toEqual([]);
    await file.save([peer(1)]); // warns, does not throw
    expect(warnings).toHaveLength(4);
  });
});

Deno.test("PeerCacheFile writes the last of many saves", async () => {
  await using dir = await tempDir();
  const file = new PeerCacheFile({ logger: recordingLogger().logger }, { path: dir.file("peers.json") });
  await Promise.all(Array.from({ length: 20 }, (_, i) => file.save([peer(i)])));
  expect(await file.load(NOW)).toEqual([peer(19)]);
  expect((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name)).toEqual(["peers.json"]);
});

Deno.test("PeerCache saves every five minutes and at the stop, and dials the best at the next start", async () => {
  const clock = new FakeClock(NOW);
  let saved: readonly CachedPeer[] = [];
  let saves = 0;
  const components = (present: readonly CachedPeer[] = []) => ({
    clock,
    file: {
      load: () => Promise.resolve([...saved]),
      save: (peers: readonly CachedPeer[]) => {
        saved = peers;
        saves++;
        return Promise.resolve();
      },
    },
    present: () => Promise.resolve(present.map((one) => ({ peerId: one.id, addresses: one.addresses }))),
  });
  const cache = new PeerCache(components([peer(2)]));
  await cache.stop();
  expect(saves).toBe(0); // never started: what is on disk stays
  expect(await cache.start()).toEqual([]);
  cache.connected(id(1), ["/ip4/8.8.4.1/tcp/1"]);
  cache.failed(id(9)); // unknown
  await clock.advance(300_000);
  expect(saves).toBe(1);
  expect(saved.map((one) => [one.id, one.connections])).toEqual([[id(1), 1], [id(2), 0]]);
  cache.failed(id(1));
  await cache.stop();
  expect(saves).toBe(2);
  expect(clock.pending).toBe(0);

  const again = new PeerCache(components());
  expect((await again.start()).map(({ peerId }) => peerId)).toEqual([id(1), id(2)]);
  for (let i = 0; i < 5; i++) again.failed(id(1));
  expect(again.best().map(({ peerId }) => peerId)).toEqual([id(2)]);
  await again.stop();
});

Deno.test("PeerCache keeps who is there and a whole file, wherever the clock is set", async (t) => {
  const DAY = 86_400_000;
  const rows: readonly (readonly [string, number])[] = [
    ["a day ahead", DAY],
    ["a century ahead", 36_525 * DAY],
    ["a day back", -DAY],
    ["to before 1970", -60 * 365 * DAY],
  ];
  for (const [name, jump] of rows) {
    await t.step(name, async () => {
      await using dir = await tempDir();
      const clock = new FakeClock(NOW);
      const { logger, warnings } = recordingLogger();
      const file = new PeerCacheFile({ logger }, { path: dir.file("peers.json") });
      const present = () => Promise.resolve([{ peerId: id(1), addresses: ["/ip4/8.8.4.1/tcp/1"] }]);
      const cache = new PeerCache({ clock, file, present });
      await cache.start();
      cache.connected(id(1), ["/ip4/8.8.4.1/tcp/1"]);
      for (const step of [jump, -jump, jump]) {
        clock.jump(step);
        await cache.save();
        expect((await file.load(clock.now())).map((one) => one.id)).toEqual([id(1)]);
      }
      await cache.stop();
      clock.jump(-jump); // set right while the node is down
      const again = new PeerCache({ clock, file, present: () => Promise.resolve([]) });
      // who was last seen decades ago, by that clock, is forgotten; anybody else is dialled
      const isOld = jump < -30 * DAY;
      expect((await again.start()).map(({ peerId }) => peerId)).toEqual(isOld ? [] : [id(1)]);
      await again.stop();
      const kept = await file.load(clock.now());
      expect(kept.map(({ connections }) => connections)).toEqual(isOld ? [] : [1]);
      expect(kept.every(({ lastSeen }) => lastSeen <= clock.now())).toBe(true);
      expect(warnings).toEqual([]);
    });
  }
});

Deno.test("PeerCache is bounded whoever comes", async () => {
  let saved: readonly CachedPeer[] = [];
  const cache = new PeerCache({
    clock: new FakeClock(NOW),
    file: {
      load: () => Promise.resolve([]),
      save: (peers) => {
        saved = peers;
        return Promise.resolve();
      },
    },
    present: () => Promise.resolve([]),
  });
  await cache.start();
  for (let i = 0; i < 5000; i++) cache.connected(id(i), ["/ip4/8.8.4.1/tcp/1"]);
  await cache.stop();
  expect(saved).toHaveLength(100);
});
