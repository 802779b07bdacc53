import { expect } from "expect";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { CommonsError, FakeClock, isCommonsError } from "../base/mod.ts";
import { keys, memoryStore, openKvStore, type Store } from "../store/mod.ts";
import { peerId, startBans, type TestBans } from "./_fixture.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "none";
  } catch (error) {
    return isCommonsError(error) ? error.code : error;
  }
}

async function stored(store: Store): Promise<string[]> {
  const targets: string[] = [];
  for await (const { key } of store.list({ prefix: keys.bans() })) targets.push(String(key[1]));
  return targets;
}

const targets = ({ bans }: TestBans) => bans.list().map(({ target }) => target);

Deno.test("isBannedIp() table", async (t) => {
  await using test = await startBans();
  const { bans, clock } = test;
  await bans.ban("192.0.2.1");
  await bans.ban("198.51.100.7:9905");
  await bans.ban("10.20.0.0/16");
  await bans.ban("2001:db8::1");
  await bans.ban("[2001:db8::2]:9905");
  await bans.ban("2001:db8:1::/48");
  await bans.ban("203.0.113.9", { durationMs: 1000 });
  await clock.advance(1000);
  const rows: [address: string, banned: boolean][] = [
    ["192.0.2.1", true],
    ["192.0.2.2", false],
    ["198.51.100.7", true],
    ["10.20.255.255", true],
    ["10.21.0.0", false],
    ["::ffff:10.20.1.1", true],
    ["::ffff:0a14:0101", true],
    ["2001:db8::1", true],
    ["2001:DB8:0::1", true],
    ["2001:db8::1%eth0", true],
    ["2001:db8::2", true],
    ["2001:db8::3", false],
    ["2001:db8:1:ffff::", true],
    ["2001:db8:2::", false],
    ["203.0.113.9", false],
    ["", false],
    ["nonsense", false],
    ["10.20.1.1:80", false],
    ["10.20.1", false],
    ["[2001:db8::1]", false],
    ["x".repeat(10_000), false],
  ];
  for (const [address, banned] of rows) {
    await t.step(address.slice(0, 40), () => expect(bans.isBannedIp(address)).toBe(banned));
  }
  await t.step("IPv6 networks do not cover IPv4", async () => {
    await bans.ban("::/0");
    expect([bans.isBannedIp("8.8.8.8"), bans.isBannedIp("::1")]).toEqual([false, true]);
  });
});

Deno.test("isBannedMultiaddr() looks at addresses and peer ids", async (t) => {
  await using test = await startBans();
  const { bans } = test;
  const [bad, good] = [peerId(1), peerId(2)];
  expect(bans.isBannedMultiaddr(`/ip4/192.0.2.1/tcp/1/p2p/${bad}`)).toBe(false);
  for (const target of ["192.0.2.0/24", "2001:db8::1", bad]) await bans.ban(target);
  const rows: [multiaddr: string, banned: boolean][] = [
    ["/ip4/192.0.2.7/tcp/9905", true],
    ["/ip4/192.0.3.7/tcp/9905", false],
    [`/ip4/192.0.3.7/tcp/9905/ws/p2p/${good}`, false],
    [`/ip4/192.0.3.7/tcp/9905/p2p/${bad}`, true],
    ["/ip6/2001:db8::1/tcp/1", true],
    ["/ip6zone/eth0/ip6/2001:db8::1/tcp/1", true],
    [`/dns4/example.org/tcp/1/p2p/${good}`, false],
    [`/dns4/example.org/tcp/1/p2p/${bad}`, true],
    [`/ip4/8.8.8.8/tcp/1/p2p/${good}/p2p-circuit/p2p/${bad}`, true],
    [`/ip4/8.8.8.8/tcp/1/p2p/${bad}/p2p-circuit/p2p/${good}`, true],
    [`/p2p/${bad}`, true],
    ["", false],
    ["/".repeat(5000), false],
    ["/ip4", false],
  ];
  for (const [multiaddr, banned] of rows) {
    await t.step(multiaddr.slice(0, 60), () => expect(bans.isBannedMultiaddr(multiaddr)).toBe(banned));
  }
});

Deno.test("ban() entries, events and hits; unban() and clear()", async () => {
  await using test = await startBans();
  const { bans, events, clock } = test;
  const told: string[] = [];
  using _listening = bans.onBan(({ target }) => told.push(target));
  using _bad = bans.onBan(() => {
    throw new Error("listener");
  });
  const entry = await bans.ban("203.0.113.77/24", { durationMs: HOUR, reason: " why\n\x1b[31mnot\u202e " });
  expect(entry).toEqual({
    target: "203.0.113.0/24",
    kind: "cidr",
    created: clock.now(),
    until: clock.now() + HOUR,
    reason: "why [31mnot",
    source: "operator",
    hits: 0,
  });
  await bans.ban(peerId(1), { until: null, reason: "x".repeat(2000) });
  expect(bans.find(peerId(1))).toMatchObject({ kind: "peer", until: null, reason: "x".repeat(256) });
  expect(told).toEqual(["203.0.113.0/24", peerId(1)]);
  expect(test.log.filter(({ level }) => level === "error").length).toBe(2); // the bad listener's
  expect(bans.isBannedIp("203.0.113.1") && bans.isBannedIp("203.0.113.2")).toBe(true);
  expect([bans.isBannedPeer(peerId(1)), bans.isBannedPeer(peerId(2)), bans.isBannedPeer("203.0.113.0/24")])
    .toEqual([true, false, false]);
  expect(bans.find("203.0.113.9:80")?.hits).toBe(2);
  expect([bans.find("203.0.113.0/25")?.target, bans.find("203.0.0.0/8"), bans.find("nonsense")])
    .toEqual(["203.0.113.0/24", undefined, undefined]);
  expect(await bans.unban("203.0.113.9")).toBe(false);
  expect(await bans.unban("203.0.113.1/24")).toBe(true);
  expect([bans.isBannedIp("203.0.113.1"), targets(test)]).toEqual([false, [peerId(1)]]);
  expect(await bans.clear()).toBe(1);
  expect([bans.list(), await stored(test.store)]).toEqual([[], []]);
  expect(events.map(({ type, payload }) => [type, payload])).toEqual([
    ["PeerBanned", { peer_addr: "203.0.113.0/24", reason: "why [31mnot", ban_duration_seconds: 3600 }],
    ["PeerBanned", { peer_addr: peerId(1), reason: "x".repeat(256), ban_duration_seconds: 0 }],
    ["PeerUnbanned", { peer_addr: "203.0.113.0/24" }],
    ["PeerUnbanned", { peer_addr: peerId(1) }],
  ]);
  await bans.ban("192.0.2.1");
  expect(told.at(-1)).toBe("192.0.2.1"); // clear() does not lose the listeners
});

Deno.test("a peer id in the form of a CID is the same peer", async () => {
  const [peer, cid] = [
    "12D3KooWDeZWBnc8pSmAffQgjoBpp7c2E4qRv6zHvhTeUWRxvN4R",
    "bafzaajaiaejcaohlygrcprbexz5zrosvxprhokbl25sivr4us3josmzz2xilcvrs",
  ];
  await using test = await startBans();
  const { bans } = test;
  bans.addScore(cid, "spam");
  expect([bans.score(peer).score, bans.score(cid).score]).toEqual([50, 50]);
  bans.resetScore(cid);
  expect(bans.score(peer).score).toBe(0);
  await bans.ban(cid);
  expect(targets(test)).toEqual([peer]);
  expect([peer, cid].map((id) => [bans.isBannedPeer(id), bans.score(id).banned, bans.find(id)?.target]))
    .toEqual([[true, true, peer], [true, true, peer]]);
  expect(bans.isBannedMultiaddr(`/ip4/192.0.2.1/tcp/1/p2p/${cid}`)).toBe(true);
  expect([await bans.unban(cid), bans.list()]).toEqual([true, []]);
});

Deno.test("ban() errors", async (t) => {
  await using test = await startBans({ maxEntries: 2 });
  const { bans } = test;
  const rows: [name: string, work: () => Promise<unknown>, code: string][] = [
    ["bad target", () => bans.ban("example.org"), "INVALID_BAN_TARGET"],
    ["bad target of unban", () => bans.unban(""), "INVALID_BAN_TARGET"],
    ["too short", () => bans.ban("192.0.2.1", { durationMs: 1 }), "INVALID_BAN_TIME"],
    ["over already", () => bans.ban("192.0.2.1", { until: 1 }), "INVALID_BAN_TIME"],
  ];
  for (const [name, work, code] of rows) {
    await t.step(name, async () => expect(await codeOf(work())).toBe(code));
  }
  await t.step("full of operators' bans", async () => {
    await bans.ban("192.0.2.1");
    await bans.ban("192.0.2.2");
    expect(await codeOf(bans.ban("192.0.2.3"))).toBe("BANS_FULL");
    expect(await codeOf(bans.ban("192.0.2.2", { until: null }))).toBe("none"); // replacing needs no room
    bans.addScore(peerId(1), "spam");
    expect(bans.addScore(peerId(1), "spam")).toMatchObject({ banned: false, score: 0 });
    expect(targets(test)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });
});

Deno.test("bans end in time, also in the store, and say so", async () => {
  await using test = await startBans();
  const { bans, clock, events, store } = test;
  await bans.ban("192.0.2.1", { durationMs: HOUR });
  await bans.ban("192.0.2.2", { durationMs: 2 * HOUR });
  await bans.ban("192.0.2.3", { until: null });
  await bans.ban("192.0.2.4", { durationMs: 1000 });
  await clock.advance(999);
  expect(bans.isBannedIp("192.0.2.4")).toBe(true);
  await clock.advance(1);
  expect([bans.isBannedIp("192.0.2.4"), await stored(store)])
    .toEqual([false, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]]);
  await clock.advance(2 * HOUR);
  expect([targets(test), await stored(store)]).toEqual([["192.0.2.3"], ["192.0.2.3"]]);
  expect(events.filter(({ type }) => type === "PeerUnbanned").map(({ payload }) => payload))
    .toEqual([{ peer_addr: "192.0.2.4" }, { peer_addr: "192.0.2.1" }, { peer_addr: "192.0.2.2" }]);
});

Deno.test("bans survive settings of the clock, during a run and over restarts", async (t) => {
  const YEAR = 365 * DAY;
  const rows: [name: string, jump: number][] = [["ahead", YEAR], ["back", -YEAR], ["to 1970", -53 * YEAR]];
  for (const [name, jump] of rows) {
    await t.step(name, async () => {
      const store = memoryStore();
      const clock = new FakeClock();
      await using first = await startBans({}, { store, clock });
      await first.bans.ban("192.0.2.1", { durationMs: 2 * HOUR });
      clock.jump(jump);
      await clock.advance(HOUR);
      const [entry] = first.bans.list();
      expect(entry?.until).toBe(clock.now() + HOUR);
      expect((entry?.until ?? 0) - (entry?.created ?? 0)).toBe(2 * HOUR);
      await first.bans.stop();
      await using second = await startBans({}, { store, clock });
      await clock.advance(HOUR - 1);
      expect(second.bans.isBannedIp("192.0.2.1")).toBe(true);
      await clock.advance(1);
      expect([second.bans.isBannedIp("192.0.2.1"), await stored(store)]).toEqual([false, []]);
    });
  }
  await t.step("set right again while the node is down: at most the whole length is left", async () => {
    const store = memoryStore();
    const clock = new FakeClock();
    await using first = await startBans({}, { store, clock });
    await first.bans.ban("192.0.2.1", { durationMs: HOUR });
    clock.jump(YEAR);
    await first.bans.stop();
    clock.jump(-YEAR);
    await using second = await startBans({}, { store, clock });
    expect(second.bans.isBannedIp("192.0.2.1")).toBe(true);
    expect(second.bans.list()[0]).toMatchObject({ created: clock.now(), until: clock.now() + HOUR });
    await clock.advance(HOUR / 2);
    await using third = await startBans({}, { store, clock });
    await clock.advance(HOUR / 2 - 1);
    expect(third.bans.isBannedIp("192.0.2.1")).toBe(true); // not the whole length again at each start
    await clock.advance(1);
    expect([second, third].map(({ bans }) => bans.isBannedIp("192.0.2.1"))).toEqual([false, false]);
  });
  await t.step("a start with a clock that is not set yet and a crash lose nothing", async () => {
    const store = memoryStore();
    const clock = new FakeClock();
    await using first = await startBans({}, { store, clock });
    await first.bans.ban("192.0.2.1", { durationMs: 2 * HOUR });
    clock.jump(-50 * YEAR);
    await using second = await startBans({}, { store, clock });
    clock.jump(50 * YEAR);
    await clock.advance(1000); // no stop
    await using third = await startBans({}, { store, clock });
    expect([second, third].map(({ bans }) => bans.isBannedIp("192.0.2.1"))).toEqual([true, true]);
  });
});

Deno.test("start() loads from a KV file, drops what is over or unreadable, keeps hits over a clean stop", async () => {
  await using dir = await tempDir();
  const clock = new FakeClock();
  {
    await using store = await openKvStore({ path: dir.file("node.kv") });
    await using first = await startBans({}, { store, clock });
    await Promise.all([
      first.bans.ban("192.0.2.0/24", { reason: "first" }),
      first.bans.ban("2001:db8::/32", { until: null }),
      first.bans.ban(peerId(1), { durationMs: HOUR }),
      store.set(keys.ban("192.0.2.77/24"), { created: 1, until: null, reason: "", source: "auto", hits: 0 }),
      store.set(keys.ban("1.2.3.4"), { created: 1, until: "never", reason: "", source: "auto", hits: 0 }),
      store.set(keys.ban("1.2.3.5"), 5),
      store.set([...keys.ban("deep"), 1], 5),
    ]);
    for (let i = 0; i < 3; i++) first.bans.isBannedIp("192.0.2.9");
  }
  clock.jump(2 * HOUR); // the node was down
  await using store = await openKvStore({ path: dir.file("node.kv") });
  await using second = await startBans({}, { store, clock });
  expect(second.bans.list().map(({ target, reason, hits }) => [target, reason, hits])).toEqual([
    ["192.0.2.0/24", "first", 3],
    ["2001:db8::/32", "banned by the operator", 0],
  ]);
  expect(await stored(store)).toEqual(["192.0.2.0/24", "2001:db8::/32", "deep"]);
});

Deno.test("start() with a lower limit removes automatic bans only, soonest-ending first", async () => {
  const store = memoryStore();
  const clock = new FakeClock();
  {
    await using first = await startBans({}, { store, clock });
    for (const number of [1, 2, 3]) await first.bans.ban(`192.0.2.${number}`);
    for (const number of [1, 2]) {
      first.bans.addScore(peerId(number), "spam");
      first.bans.addScore(peerId(number), "spam");
      await clock.advance(1000);
    }
  }
  {
    await using second = await startBans({ maxEntries: 4 }, { store, clock });
    expect(targets(second)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3", peerId(2)]);
  }
  await using third = await startBans({ maxEntries: 1 }, { store, clock });
  expect([targets(third), await stored(store)])
    .toEqual([["192.0.2.1", "192.0.2.2", "192.0.2.3"], ["192.0.2.1", "192.0.2.2", "192.0.2.3"]]);
});

Deno.test("a full list gives up automatic bans, soonest-ending first, and never operators'", async () => {
  await using test = await startBans({ maxEntries: 4 });
  const { bans, clock, events } = test;
  await bans.ban("192.0.2.1", { durationMs: 1000 * 60 });
  await bans.ban("192.0.2.2", { until: null });
  for (const number of [1, 2, 3]) {
    bans.addScore(peerId(number), "spam");
    bans.addScore(peerId(number), "spam");
    await clock.advance(1000);
  }
  expect(targets(test)).toEqual(["192.0.2.1", "192.0.2.2", peerId(2), peerId(3)]);
  await bans.ban("192.0.2.3");
  expect(targets(test)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3", peerId(3)]);
  expect(events.filter(({ type }) => type === "PeerUnbanned").map(({ payload }) => payload))
    .toEqual([{ peer_addr: peerId(1) }, { peer_addr: peerId(2) }]);
  expect(await stored(test.store)).toEqual(targets(test).toSorted());
});

Deno.test("a ban whose write fails holds, says so, and is written later", async () => {
  const store = memoryStore();
  let broken = true;
  const failing: Store = Object.assign(Object.create(store), {
    commit: (mutations: Parameters<Store["commit"]>[0]) =>
      broken
        ? Promise.reject(new CommonsError("STORE_FULL", "Cannot write: disk full"))
        : store.commit(mutations),
  });
  // methods of the memory store use private fields, so they are bound to it
  failing.list = (options) => store.list(options);
  await using test = await startBans({}, { store: failing });
  const { bans, clock } = test;
  expect(await codeOf(bans.ban("192.0.2.1"))).toBe("STORE_FULL");
  bans.addScore(peerId(1), "spam");
  expect(bans.addScore(peerId(1), "spam").banned).toBe(true);
  await clock.advance(0);
  expect([bans.isBannedIp("192.0.2.1"), await stored(store)]).toEqual([true, []]);
  broken = false;
  await clock.advance(60_000);
  expect(await stored(store)).toEqual([peerId(1), "192.0.2.1"]);
  broken = true;
  expect(await codeOf(bans.unban("192.0.2.1"))).toBe("STORE_FULL");
  expect(bans.isBannedIp("192.0.2.1")).toBe(false);
  broken = false;
  await clock.advance(60_000);
  expect(await stored(store)).toEqual([peerId(1)]);
});

Deno.test("many bans at once are all kept", async () => {
  const store = memoryStore();
  {
    await using test = await startBans({}, { store });
    const wanted = Array.from({ length: 300 }, (_, i) => `198.51.${i >> 8}.${i & 255}`);
    await Promise.all(wanted.flatMap((target) => [
      test.bans.ban(target),
      test.bans.ban("203.0.113.1").then(() => test.bans.unban("203.0.113.1")),
    ]));
    expect(new Set(targets(test))).toEqual(new Set(wanted));
  }
  await using again = await startBans({}, { store });
  expect(again.bans.list().length).toBe(300);
});

Deno.test("metrics tell bans by kind and source, and what they refused", async () => {
  await using test = await startBans();
  await test.bans.ban("192.0.2.1");
  await test.bans.ban(peerId(1));
  test.bans.isBannedIp("192.0.2.1");
  test.bans.addScore(peerId(2), "unknown");
  const text = await test.metrics();
  for (
    const line of [
      'commons_bans{kind="ip",source="operator"} 1',
      'commons_bans{kind="peer",source="operator"} 1',
      'commons_ban_events_total{source="operator",reason="operator_ban"} 2',
      'commons_ban_refusals_total{by="address"} 1',
      "commons_ban_scored_peers 1",
    ]
  ) expect(text).toContain(line);
});
