import { expect } from "expect";
import { FakeClock, type PeerIdText, seededRandom } from "../base/mod.ts";
import { silentLogger } from "./_fixture.ts";
import { Discovery, type DiscoveryComponents, type DiscoveryInit } from "./discovery.ts";
import type { Candidate } from "./discovery_skip.ts";

const peer = (name: string): Candidate => ({
  peerId: name as PeerIdText, // only compared
  addresses: ["/ip4/8.8.4.4/tcp/1"],
});

/** A discovery over a network that exists only here. */
function setup(parts: { components?: Partial<DiscoveryComponents>; init?: Partial<DiscoveryInit> } = {}) {
  const clock = new FakeClock();
  const network = {
    size: 0,
    found: [] as Candidate[],
    dials: [] as { readonly name: string; readonly at: number }[],
    advertised: [] as { readonly topic: string; readonly at: number }[],
    asked: 0,
    notes: 3,
    connected: new Set<string>(),
    down: new Set<string>(),
    wanted: 10,
    running: 0,
    peak: 0,
  };
  const start = clock.monotonic();
  const discovery = new Discovery({
    clock,
    random: seededRandom(11),
    logger: silentLogger,
    routing: {
      size: () => network.size,
      advertise(topic) {
        network.advertised.push({ topic, at: clock.monotonic() - start });
        return Promise.resolve(network.notes);
      },
      async *find() {
        network.asked++;
        for (const candidate of network.found) {
          await Promise.resolve();
          yield candidate;
        }
      },
    },
    async dial({ peerId }) {
      network.dials.push({ name: peerId, at: clock.monotonic() - start });
      network.peak = Math.max(network.peak, ++network.running);
      await Promise.resolve();
      network.running--;
      if (network.down.has(peerId)) throw new Error("refused");
      network.connected.add(peerId);
    },
    isConnected: (peerId) => network.connected.has(peerId),
    isKept: () => false,
    isBanned: () => false,
    wanted: () => network.wanted - network.connected.size,
    isAlone: () => false,
    ...parts.components,
  }, { self: "self" as PeerIdText, topics: ["t"], bootstrap: [], ...parts.init });
  return { clock, network, discovery };
}

Deno.test("Discovery waits for somebody to ask, then announces, asks and dials", async () => {
  const { clock, network, discovery } = setup();
  network.found = [peer("a"), peer("self"), peer("b")];
  discovery.start();
  await clock.advance(60_000);
  expect(network.advertised).toEqual([]);
  network.size = 1;
  await clock.advance(7_000);
  expect(network.advertised.map(({ topic }) => topic)).toEqual(["t"]);
  expect([...network.connected]).toEqual(["a", "b"]);
  expect(discovery.counts()).toMatchObject({ dialed: 2, failed: 0, skipped: { self: 1 } });
  await discovery.stop();
  expect(clock.pending).toBe(0);
});

Deno.test("Discovery dials bootstrap peers while nobody can be asked, more rarely each time", async () => {
  const { clock, network, discovery } = setup({ init: { bootstrap: [peer("entry")] } });
  network.down.add("entry");
  network.wanted = 0; // an entry point is needed all the same
  discovery.start();
  await clock.advance(0); // lets the first round end
  await clock.advance(3_600_000);
  const waits = network.dials.slice(1).map(({ at }, index) => at - (network.dials[index]?.at ?? 0));
  expect(waits[0]).toBeLessThan(20_000);
  expect(Math.max(...waits)).toBeGreaterThan(600_000);
  expect(Math.max(...waits)).toBeLessThan(2_400_000);
  await discovery.stop();
});

Deno.test("Discovery asks soon after the first peer came, once", async () => {
  const { clock, network, discovery } = setup();
  discovery.start();
  await clock.advance(0);
  network.size = 1;
  for (let i = 0; i < 10; i++) discovery.met();
  await clock.advance(1_000);
  expect(network.asked).toBe(1);
  discovery.met();
  await clock.advance(1_000);
  expect(network.asked).toBe(1);
  await discovery.stop();
  discovery.met();
  expect(clock.pending).toBe(0);
});

Deno.test("Discovery announces again after minutes, then about hourly, never at the same moment", async () => {
  const { clock, network, discovery } = setup({ init: { topics: ["t", "u"] } });
  network.size = 1;
  discovery.start();
  await clock.advance(0);
  await clock.advance(6 * 3_600_000);
  const times = network.advertised.filter(({ topic }) => topic === "t").map(({ at }) => at);
  expect(times[1]).toBeGreaterThan(4 * 60_000 - 1);
  expect(times[1]).toBeLessThan(7 * 60_000);
  for (const [index, at] of times.slice(2).entries()) {
    const wait = at - (times[index + 1] ?? 0);
    expect(wait).toBeGreaterThan(0.8 * 3_600_000 - 1);
    expect(wait).toBeLessThan(1.2 * 3_600_000 + 40_000);
  }
  const other = network.advertised.filter(({ topic }) => topic === "u").map(({ at }) => at);
  expect(other.slice(1)).not.toEqual(times.slice(1));
  await discovery.stop();
});

Deno.test("Discovery announces again soon when nobody noted it", async () => {
  const { clock, network, discovery } = setup();
  network.size = 1;
  network.notes = 0;
  discovery.start();
  await clock.advance(100_000);
  expect(network.advertised.length).toBeGreaterThan(2);
  await discovery.stop();
});

Deno.test("Discovery dials few at a time and stops at what is wanted", async () => {
  const { clock, network, discovery } = setup();
  network.size = 1;
  network.wanted = 20;
  network.found = Array.from({ length: 100 }, (_, i) => peer(`p${i}`));
  discovery.start();
  await clock.advance(600_000);
  expect(network.peak).toBeLessThanOrEqual(8);
  expect(network.connected.size).toBeGreaterThanOrEqual(20);
  expect(network.connected.size).toBeLessThan(28);
  const asked = network.asked;
  await clock.advance(600_000);
  expect(network.asked - asked).toBeLessThanOrEqual(3); // satisfied: announces, and looks for one more now and then
  await discovery.stop();
});

Deno.test("Discovery dials one more peer now and then, though it has enough, up to four", async () => {
  const { clock, network, discovery } = setup();
  network.size = 1;
  network.wanted = 2;
  network.found = [peer("a"), peer("b")];
  discovery.start();
  await clock.advance(3_600_000);
  expect([...network.connected]).toEqual(["a", "b"]);
  // others are there again: one at a time, minutes apart
  network.found = Array.from({ length: 20 }, (_, i) => peer(`other ${i}`));
  const since = network.dials.length;
  await clock.advance(3_600_000);
  expect(network.connected.size).toBe(6);
  const times = network.dials.slice(since).map(({ at }) => at);
  times.slice(1).forEach((at, i) => expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(4 * 60_000));
  await discovery.stop();
});

Deno.test("Discovery that has peers enough sees others in turn, an entry point now and then", async () => {
  const left: string[] = [];
  const { clock, network, discovery } = setup({
    components: { release: (peerId) => void (left.push(peerId), network.connected.delete(peerId)) },
    init: { bootstrap: [peer("entry")] },
  });
  network.size = 1;
  network.wanted = 0;
  network.connected = new Set(["a", "b", "c", "d"]);
  network.found = Array.from({ length: 50 }, (_, i) => peer(`other ${i}`));
  discovery.start();
  await clock.advance(3_600_000);
  const seen = network.dials.map(({ name }) => name);
  expect(seen.length).toBeGreaterThanOrEqual(9);
  expect(seen.filter((name) => name === "entry").length).toBeGreaterThanOrEqual(2);
  expect(left).toEqual(seen.slice(0, -1));
  expect([...network.connected]).toEqual(["a", "b", "c", "d", seen.at(-1)]);
  await discovery.stop();
});

Deno.test("Discovery looks at offered peers at once, without a DHT too", async () => {
  const { clock, network, discovery } = setup({ components: { routing: undefined } });
  discovery.start();
  await clock.advance(0);
  discovery.offer([peer("a"), peer("b")]);
  await clock.advance(0);
  expect([...network.connected]).toEqual(["a", "b"]);
  discovery.offer(Array.from({ length: 1000 }, (_, i) => peer(`p${i}`)));
  await clock.advance(0);
  expect(network.dials.length).toBeLessThanOrEqual(10);
  await discovery.stop();
  discovery.offer([peer("late")]);
  await clock.advance(100_000);
  expect(network.connected.has("late")).toBe(false);
});

Deno.test("Discovery of a node that was cut off for long finds back in a minute", async (t) => {
  const known = [peer("friend")];
  const cases = {
    "by its entry points": { components: {}, init: { bootstrap: [peer("entry")] } },
    "by peers of earlier days": { components: { known: () => known }, init: {} },
    "by these without a DHT": { components: { known: () => known, routing: undefined }, init: {} },
  };
  for (const [name, { components, init }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const connected = () => network.connected;
      const isAlone = () => connected().size === 0;
      const { clock, network, discovery } = setup({ components: { isAlone, ...components }, init });
      network.down = new Set(["entry", "friend"]);
      network.size = 3; // whom the DHT knew before: it cannot reach them either
      discovery.start();
      for (let i = 0; i < 40; i++) await clock.advance(60_000);
      expect(network.dials.length).toBeLessThan(60);
      expect(network.dials.length).toBeGreaterThan(30);
      network.down.clear();
      await clock.advance(67_000);
      expect(network.connected.size).toBe(1);
      const dials = network.dials.length;
      await clock.advance(600_000);
      expect(network.dials.length).toBe(dials);
      await discovery.stop();
      expect(clock.pending).toBe(0);
    });
  }
});

Deno.test("Discovery goes on when a question fails or never ends", async () => {
  let asked = 0;
  const { clock, network, discovery } = setup({
    init: { topics: ["fails", "hangs"] },
    components: {
      routing: {
        size: () => 1,
        advertise: () => Promise.resolve(1),
        async *find(topic, { signal }) {
          asked++;
          if (topic === "fails") throw new Error("no");
          yield peer(`found by ${asked}`);
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      },
    },
  });
  discovery.start();
  await clock.advance(200_000);
  expect(asked).toBeGreaterThan(4);
  expect(network.connected.size).toBeGreaterThan(1);
  await discovery.stop();
  expect(clock.pending).toBe(0);
});
