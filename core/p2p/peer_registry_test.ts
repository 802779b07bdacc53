import { expect } from "expect";
import { FakeClock, type PeerIdText, seededRandom } from "../base/mod.ts";
import { memoryStore, storeKey } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { MAX_REGISTERED, PeerRegistry, type PeerRegistryComponents } from "./peer_registry.ts";
import {
  afterEvent,
  type Conduct,
  NEW_CONDUCT,
  reconsidered,
  reputation,
} from "./peer_registry_reputation.ts";
import {
  isEligible,
  type SelectionCriteria,
  selectPeer,
  type SyncCandidate,
} from "./peer_registry_selection.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const id = (number: number) =>
  `12D3KooW${String(number).replaceAll("0", "z").padStart(44, "A")}` as PeerIdText; // of the right form
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

Deno.test("reputation() follows the formula", async (t) => {
  const rows: readonly (readonly [string, Partial<Conduct>, number])[] = [
    ["a newcomer", {}, 50],
    ["one that was forgiven", { resets: 2 }, 30],
    ["malicious, whatever else", { malicious: true, successes: 1000 }, 5],
    ["all well, long ago, no speed known", { successes: 4 }, 80],
    ["all failed, long ago", { failures: 4 }, 20],
    ["half and half", { successes: 2, failures: 2 }, 50],
    ["a success in the last hour", { successes: 1, lastSuccess: NOW - HOUR + 1 }, 90],
    ["a success an hour ago", { successes: 1, lastSuccess: NOW - HOUR }, 80],
    ["a failure in the last hour", { failures: 1, lastFailure: NOW }, 5],
    ["both in the last hour", { successes: 1, failures: 1, lastSuccess: NOW, lastFailure: NOW }, 45],
    ["a time ahead counts as now", { successes: 1, lastSuccess: NOW + HOUR }, 90],
    ["very fast", { successes: 1, meanResponseMs: 199 }, 96],
    ["clamped at 100", { successes: 1, lastSuccess: NOW, meanResponseMs: 1 }, 100],
    ["fast", { successes: 1, meanResponseMs: 200 }, 88],
    ["usual", { successes: 1, meanResponseMs: 500 }, 80],
    ["slow", { successes: 1, meanResponseMs: 2_000 }, 72],
    ["slower", { successes: 1, meanResponseMs: 5_000 }, 64],
    ["very slow", { successes: 1, meanResponseMs: 10_000 }, 56],
    ["hardly there", { successes: 1, meanResponseMs: 30_000 }, 48],
  ];
  for (const [name, conduct, expected] of rows) {
    await t.step(
      name,
      () => expect(reputation({ ...NEW_CONDUCT, ...conduct }, NOW)).toBeCloseTo(expected, 6),
    );
  }
});

Deno.test("afterEvent() keeps a moving mean and notes when a peer turned bad", () => {
  let conduct = afterEvent(NEW_CONDUCT, { type: "success", responseMs: 100 }, NOW);
  expect(conduct.meanResponseMs).toBe(100);
  conduct = afterEvent(conduct, { type: "success", responseMs: 600 }, NOW);
  expect(conduct.meanResponseMs).toBe(200);
  conduct = afterEvent(NEW_CONDUCT, { type: "failure" }, NOW);
  expect(conduct.badSince).toBe(NOW);
  conduct = afterEvent(conduct, { type: "failure" }, NOW + 1000);
  expect(conduct.badSince).toBe(NOW);
  conduct = afterEvent(conduct, { type: "success", responseMs: 100 }, NOW + 2000);
  expect(conduct.badSince).toBe(0);
});

Deno.test("reconsidered() forgives after five minutes, then fifteen, then forty-five, at most a day", () => {
  let conduct = NEW_CONDUCT;
  let now = NOW;
  for (const minutes of [5, 15, 45, 135, 405, 1215, 1440, 1440]) {
    conduct = afterEvent(conduct, { type: "malicious" }, now);
    expect(reputation(reconsidered(conduct, now + minutes * 60_000 - 1), now)).toBe(5);
    now += minutes * 60_000;
    conduct = reconsidered(conduct, now);
    expect(reputation(conduct, now)).toBe(30);
  }
});

Deno.test("reconsidered() forgives also who turned bad because its last success is an hour ago", () => {
  let conduct = NEW_CONDUCT;
  for (let i = 0; i < 20; i++) conduct = afterEvent(conduct, { type: "failure" }, NOW);
  conduct = afterEvent(conduct, { type: "success", responseMs: 20_000 }, NOW + HOUR);
  expect([conduct.badSince, reputation(conduct, NOW + HOUR) > 20]).toEqual([0, true]);
  const later = NOW + 2 * HOUR;
  expect(reputation(reconsidered(conduct, later), later)).toBeLessThan(20);
  expect(reputation(reconsidered(conduct, later + 5 * 60_000), later)).toBe(30);
});

const CANDIDATE: SyncCandidate = {
  peerId: id(1),
  banned: false,
  banScore: 0,
  reputation: 50,
  baseUrl: "https://hub.example",
  pruned: false,
  claimedHeight: 200,
  validatedHeight: 150,
  validatedWork: "00".repeat(31) + "10",
  deliveredAt: 0,
  coolDownUntil: 0,
  probes: 0,
};
const CRITERIA: SelectionCriteria = { now: NOW, localHeight: 100, allowPruned: true };
const candidate = (number: number, fields: Partial<SyncCandidate> = {}) => ({
  ...CANDIDATE,
  peerId: id(number),
  ...fields,
});

Deno.test("isEligible() asks for proof, a place to fetch from and a good name", async (t) => {
  const unproven = { validatedHeight: 0, validatedWork: "" };
  const rows: readonly (readonly [string, Partial<SyncCandidate>, boolean])[] = [
    ["proven ahead", {}, true],
    ["banned", { banned: true }, false],
    ["serves nothing", { baseUrl: "" }, false],
    ["reputation at the limit", { reputation: 20 }, true],
    ["reputation below", { reputation: 19.9 }, false],
    ["cooling down", { coolDownUntil: NOW + 1 }, false],
    ["cooled down", { coolDownUntil: NOW }, true],
    ["only claims, probes left", { ...unproven, probes: 2 }, true],
    ["only claims, none left", { ...unproven, probes: 3 }, false],
    ["proven, probes do not matter", { probes: 99 }, true],
    ["proven as high as we are, claims more", { validatedHeight: 100 }, true],
    ["proven as high as we are, claims no more", { validatedHeight: 100, claimedHeight: 100 }, false],
    ["behind", { validatedHeight: 50, claimedHeight: 60 }, false],
  ];
  for (const [name, fields, expected] of rows) {
    await t.step(name, () => expect(isEligible(candidate(1, fields), CRITERIA)).toBe(expected));
  }
});

Deno.test("selectPeer() chooses by what was delivered and proven", async (t) => {
  const rows: readonly (readonly [
    string,
    readonly Partial<SyncCandidate>[],
    Partial<SelectionCriteria>,
    number | undefined,
  ])[] = [
    ["nobody there", [], {}, undefined],
    ["nobody eligible", [{ banned: true }, { baseUrl: "" }], {}, undefined],
    ["the only one", [{}], {}, 1],
    [
      "a delivery of today before more work",
      [{ validatedWork: "ff".repeat(32) }, { deliveredAt: NOW - 1 }],
      {},
      2,
    ],
    [
      "a delivery of yesterday is no more",
      [{ validatedWork: "ff".repeat(32) }, { deliveredAt: NOW - 24 * HOUR }],
      {},
      1,
    ],
    ["work before reputation", [{ reputation: 99 }, { validatedWork: "11".repeat(32) }], {}, 2],
    [
      "claims do not count",
      [{ claimedHeight: 4_000_000_000, validatedHeight: 0, validatedWork: "" }, {}],
      {},
      2,
    ],
    ["reputation before speed", [{ meanResponseMs: 1 }, { reputation: 60 }], {}, 2],
    ["speed before ban score", [{ banScore: 0 }, { meanResponseMs: 5, banScore: 50 }], {}, 2],
    ["ban score before height", [{ banScore: 1, validatedHeight: 190 }, {}], {}, 2],
    ["height last", [{}, { validatedHeight: 190 }], {}, 2],
    ["whole before pruned", [{ pruned: true, reputation: 90 }, { reputation: 30 }], {}, 2],
    ["pruned when there is no other", [{ pruned: true }], {}, 1],
    ["pruned not allowed", [{ pruned: true }], { allowPruned: false }, undefined],
    ["not the previous one", [{ reputation: 90 }, { reputation: 30 }], { previous: id(1) }, 2],
    ["the previous one when alone", [{}], { previous: id(1) }, 1],
    ["forced, whatever its state", [{}, { banned: true, baseUrl: "" }], { forced: id(2) }, 2],
    ["forced and absent: nobody", [{}], { forced: id(9) }, undefined],
    ["local height beyond all", [{}, {}], { localHeight: 1000 }, undefined],
  ];
  for (const [name, fields, criteria, expected] of rows) {
    await t.step(name, () => {
      const peers = fields.map((one, index) => candidate(index + 1, one));
      const wanted = expected === undefined ? undefined : id(expected);
      for (const order of [peers, peers.toReversed()]) {
        expect(selectPeer(order, { ...CRITERIA, ...criteria }, seededRandom(1))).toBe(wanted);
      }
    });
  }
  await t.step("random among equals, the same for the same seed", () => {
    const peers = Array.from({ length: 5 }, (_, i) => candidate(i + 1));
    const draw = (seed: number) => selectPeer(peers, CRITERIA, seededRandom(seed * 7919));
    const drawn = new Set(Array.from({ length: 50 }, (_, seed) => draw(seed + 1)));
    expect(drawn.size).toBe(5);
    expect(draw(3)).toBe(draw(3));
  });
});

function setup(parts: Partial<PeerRegistryComponents> = {}) {
  const clock = parts.clock instanceof FakeClock ? parts.clock : new FakeClock(NOW);
  const store = parts.store ?? memoryStore();
  const peers = new Map<string, { height: number; hash: string; baseUrl: string }>();
  const registry = new PeerRegistry({
    random: seededRandom(1),
    logger: silent,
    connected: () => [...peers.keys()],
    claimOf: (peerId) => peers.get(peerId),
    proven: () => undefined,
    isBanned: () => false,
    banScore: () => 0,
    ...parts,
    clock,
    store,
  });
  return { clock, store, peers, registry };
}

async function stored(store: Pick<ReturnType<typeof memoryStore>, "list">): Promise<number> {
  return (await Array.fromAsync(store.list({ prefix: storeKey("peer", "registry") }))).length;
}

Deno.test("PeerRegistry chooses among connected peers and remembers how they answered", async () => {
  const { clock, peers, registry } = setup();
  await registry.start();
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBeUndefined();
  peers.set(id(1), { height: 10, hash: "", baseUrl: "https://one.example" });
  peers.set(id(2), { height: 10, hash: "", baseUrl: "https://two.example" });
  registry.progressed(id(2), { height: 10, chainwork: "22".repeat(32) });
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBe(id(2));
  registry.malicious(id(2));
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBe(id(1));
  for (let i = 0; i < 3; i++) registry.probed(id(1));
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBeUndefined();
  await clock.advance(5 * 60_000); // a new window; the other is forgiven, too
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBe(id(2));
  registry.coolDown(id(2), 60_000);
  expect(registry.select({ localHeight: 1, allowPruned: true })).toBe(id(1));
  await registry.stop();
  expect(clock.pending).toBe(0);
});

Deno.test("proves() and contextOf() tell what an answer has shown and whom it came from", () => {
  const known = "ab".repeat(32);
  const context = { address: "/ip4/192.0.2.1/tcp/1", trusted: true };
  const { peers, registry } = setup({
    proven: (hash) => hash === known ? { height: 50, chainwork: "44".repeat(32) } : undefined,
    contextOf: (peerId) => peerId === id(1) ? context : {},
  });
  peers.set(id(1), { height: 90, hash: known, baseUrl: "" });
  peers.set(id(2), { height: 90, hash: "cd".repeat(32), baseUrl: "" });
  for (const number of [1, 2, 3]) registry.proves(id(number));
  expect([1, 2, 3].map((number) => registry.get(id(number))?.validatedHeight))
    .toEqual([50, undefined, undefined]);
  expect([registry.contextOf(id(1)), registry.contextOf(id(2))]).toEqual([context, {}]);
});

Deno.test("PeerRegistry is bounded while the store takes nothing", async () => {
  let [broken, written] = [true, 0];
  const store = memoryStore();
  const { registry, clock } = setup({
    store: {
      list: (options) => store.list(options),
      commit(mutations) {
        if (broken) return Promise.reject(new Error("disk full"));
        written += mutations.length;
        return Promise.resolve();
      },
    },
  });
  await registry.start();
  for (let i = 1; i <= 4 * MAX_REGISTERED; i++) registry.failed(id(i));
  await clock.advance(1_000);
  broken = false;
  await registry.stop();
  expect(registry.size).toBe(MAX_REGISTERED);
  expect(written).toBeLessThanOrEqual(3 * MAX_REGISTERED);
});

Deno.test("PeerRegistry starts although what is over cannot be removed", async () => {
  const store = memoryStore();
  await store.commit([{ type: "set", key: storeKey("peer", "registry", id(4)), value: "text" }]);
  const commit = () => Promise.reject(new Error("disk full"));
  const { registry } = setup({ store: { list: (options) => store.list(options), commit } });
  await registry.start();
  expect(registry.size).toBe(0);
  await registry.stop();
});

Deno.test("PeerRegistry takes a claim for proven when the node knows that block itself", async () => {
  const known = "ab".repeat(32);
  const { peers, registry } = setup({
    proven: (hash) => hash === known ? { height: 50, chainwork: "44".repeat(32) } : undefined,
  });
  await registry.start();
  peers.set(id(1), { height: 4_000_000, hash: "cd".repeat(32), baseUrl: "https://one.example" });
  peers.set(id(2), { height: 50, hash: known, baseUrl: "https://two.example" });
  expect(registry.select({ localHeight: 40, allowPruned: true })).toBe(id(2));
  expect(registry.get(id(2))).toMatchObject({ validatedHeight: 50, reputation: 50 });
  expect(registry.get(id(1))).toBeUndefined();
  await registry.stop();
});

Deno.test("PeerRegistry survives a restart, a clock that jumps and rows that make no sense", async () => {
  const { clock, store, registry } = setup();
  await registry.start();
  registry.succeeded(id(1), { responseMs: 50, fullBlock: true });
  registry.progressed(id(1), { height: 7, chainwork: "33".repeat(32) });
  await clock.advance(1_000);
  expect(await stored(store)).toBe(1);
  registry.failed(id(2));
  await registry.stop(); // writes the rest
  await store.commit([
    { type: "set", key: storeKey("peer", "registry", id(3)), value: { v: 1 } },
    { type: "set", key: storeKey("peer", "registry", "no peer id"), value: null },
    { type: "set", key: storeKey("peer", "registry", id(4)), value: "text" },
  ]);
  const again = setup({ store, clock: new FakeClock(NOW - 10 * HOUR) });
  await again.registry.start();
  expect(again.registry.size).toBe(2);
  expect(again.registry.get(id(1))).toMatchObject({ successes: 1, validatedHeight: 7 });
  expect(again.registry.get(id(2))).toMatchObject({ failures: 1 });
  await again.clock.advance(26 * HOUR);
  expect(again.registry.size).toBe(0);
  await again.registry.stop();
  expect(await stored(store)).toBe(0);
});

Deno.test("PeerRegistry goes on when the clock is set while it runs", async (t) => {
  const YEAR = 365 * 24 * HOUR;
  const rows: readonly (readonly [string, number])[] = [
    ["an hour back", -HOUR],
    ["a year back", -YEAR],
    ["to 1970", -NOW], // clocks without a battery begin there
    ["an hour ahead", HOUR],
    ["a year ahead", YEAR],
  ];
  for (const [name, jump] of rows) {
    await t.step(name, async () => {
      const { clock, store, peers, registry } = setup();
      await registry.start();
      peers.set(id(1), { height: 10, hash: "", baseUrl: "https://one.example" });
      const chosen = () => registry.select({ localHeight: 1, allowPruned: true });
      registry.succeeded(id(1), { responseMs: 50, fullBlock: true });
      registry.progressed(id(1), { height: 10, chainwork: "33".repeat(32) });
      registry.coolDown(id(1), 60_000);
      expect(chosen()).toBeUndefined();
      clock.jump(jump);
      if (jump < 0) expect(chosen()).toBeUndefined();
      await clock.advance(60_000); // no wait is longer than it was to be
      expect(chosen()).toBe(id(1));
      expect(registry.get(id(1))).toMatchObject({ successes: 1, validatedHeight: 10 });
      for (let i = 0; i < 5; i++) registry.failed(id(1));
      clock.jump(-jump);
      expect(registry.get(id(1))?.reputation).toBeLessThan(50);
      await clock.advance(5 * 60_000);
      expect(registry.get(id(1))?.reputation).toBeGreaterThanOrEqual(30); // forgiven in time
      registry.succeeded(id(1), { responseMs: 50 }); // what was last heard of a year ago would be forgotten
      await registry.stop();
      const again = setup({ store, clock });
      await again.registry.start();
      expect(again.registry.size).toBe(1);
      await again.registry.stop();
    });
  }
});

Deno.test("PeerRegistry is bounded, writes in few commits and goes on when the store does not", async () => {
  let commits = 0;
  let fails = false;
  const inner = memoryStore();
  const store = {
    ...inner,
    list: inner.list.bind(inner),
    commit: (mutations: Parameters<typeof inner.commit>[0]) => {
      commits++;
      if (fails) return Promise.reject(new Error("disk full"));
      return inner.commit(mutations);
    },
  } as typeof inner; // the registry calls only these
  const { clock, registry } = setup({ store });
  await registry.start();
  fails = true;
  for (let i = 0; i < 300; i++) registry.failed(id(i));
  await clock.advance(35_000);
  expect(commits).toBe(2);
  fails = false;
  await clock.advance(61_000);
  expect(await stored(inner)).toBe(300);
  commits = 0;
  for (let i = 0; i < MAX_REGISTERED + 500; i++) registry.failed(id(i));
  expect(registry.size).toBe(MAX_REGISTERED);
  await clock.advance(120_000);
  expect(commits).toBeLessThan(40);
  expect(await stored(inner)).toBe(MAX_REGISTERED);
  await registry.stop();
});
