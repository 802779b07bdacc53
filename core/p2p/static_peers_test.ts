import { expect } from "expect";
import { FakeClock, seededRandom } from "../base/mod.ts";
import { silentLogger, testIdentity } from "./_fixture.ts";
import { parsePeerAddress } from "./addresses.ts";
import { MAX_STATIC_PEERS, StaticPeers } from "./static_peers.ts";

const address = async (port = 1) =>
  parsePeerAddress(`/ip4/127.0.0.1/tcp/${port}/p2p/${(await testIdentity()).peerId}`);

/** Static peers over a network that exists only here. */
function setup(clock = new FakeClock()) {
  const up = new Set<string>();
  const connected = new Set<string>();
  const dials: number[] = [];
  const peers = new StaticPeers({
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    dial: ({ peerId }) => {
      dials.push(clock.monotonic());
      if (!up.has(peerId)) return Promise.reject(new Error("connection refused"));
      connected.add(peerId);
      return Promise.resolve();
    },
    isConnected: (peerId) => connected.has(peerId),
  });
  return { clock, up, connected, dials, peers };
}

Deno.test("StaticPeers dials at the start and again until the peer is there", async () => {
  const { clock, up, connected, dials, peers } = setup();
  const peer = await address();
  peers.add(peer);
  peers.start();
  await clock.advance(0); // lets the first dial fail
  expect(dials).toHaveLength(1);
  await clock.advance(7_000);
  expect(dials.length).toBeGreaterThan(1);
  up.add(peer.peerId);
  await clock.advance(20_000);
  expect(connected.has(peer.peerId)).toBe(true);
  const before = dials.length;
  await clock.advance(600_000);
  expect(dials).toHaveLength(before);
  peers.stop();
  expect(clock.pending).toBe(0);
});

Deno.test("StaticPeers leaves a peer that does not answer alone for longer each time, up to a minute", async () => {
  const { clock, dials, peers } = setup();
  peers.add(await address());
  peers.start();
  await clock.advance(3_600_000);
  const waits = dials.slice(1).map((time, index) => time - (dials[index] ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(4_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(70_000);
  expect(waits.at(-1)).toBeGreaterThan(40_000);
  peers.stop();
});

Deno.test("StaticPeers dials a lost peer again at once, whatever the round", async () => {
  const { clock, up, connected, dials, peers } = setup();
  const peer = await address();
  up.add(peer.peerId);
  peers.add(peer);
  peers.start();
  await clock.advance(7_000); // now in the slow round
  connected.delete(peer.peerId);
  peers.lost(peer.peerId);
  await clock.advance(1_500);
  expect(dials).toHaveLength(2);
  peers.lost((await testIdentity()).peerId); // not one of them
  peers.stop();
});

Deno.test("StaticPeers does not dial a peer twice at the same time", async () => {
  const clock = new FakeClock();
  let dials = 0;
  const peers = new StaticPeers({
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    dial: () => {
      dials++;
      return new Promise(() => {}); // never answers
    },
    isConnected: () => false,
  });
  peers.add(await address());
  peers.start();
  await clock.advance(60_000);
  expect(dials).toBe(1);
  peers.stop();
});

Deno.test("StaticPeers dials a peer at all addresses that it was given, the latest first", async () => {
  const clock = new FakeClock();
  const dialled: string[][] = [];
  const peers = new StaticPeers({
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    dial: ({ addresses }) => {
      dialled.push(addresses.map(String));
      return Promise.reject(new Error("connection refused"));
    },
    isConnected: () => false,
  });
  const { peerId } = await testIdentity();
  const texts = Array.from({ length: 10 }, (_, i) => `/ip4/127.0.0.1/tcp/${i + 1}/p2p/${peerId}`);
  for (const text of [...texts, ...texts.slice(8)]) peers.add(parsePeerAddress(text));
  const latest = [...texts.slice(2)].reverse();
  expect(peers.addresses()).toEqual(latest);
  peers.start();
  await clock.advance(0);
  expect(dialled).toEqual([latest]);
  peers.stop();
});

Deno.test("StaticPeers is bounded and forgets what is removed", async () => {
  const { clock, dials, peers } = setup();
  const first = await address();
  peers.add(first);
  for (let i = 1; i < MAX_STATIC_PEERS; i++) peers.add({ ...first, peerId: `${first.peerId}${i}` as never });
  peers.add(first); // known: no room needed
  const other = await address();
  expect(() => peers.add(other)).toThrow(expect.objectContaining({ code: "TOO_MANY_PEERS" }));
  expect(peers.remove(first.peerId)).toBe(true);
  expect(peers.remove(first.peerId)).toBe(false);
  peers.add(other);
  for (let i = 1; i < MAX_STATIC_PEERS; i++) peers.remove(`${first.peerId}${i}`);
  peers.remove(other.peerId);
  peers.start();
  await clock.advance(60_000);
  expect(dials).toEqual([]);
  peers.stop();
});
