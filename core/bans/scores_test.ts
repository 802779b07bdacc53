import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { peerId, startBans } from "./_fixture.ts";
import { OFFENCE_POINTS } from "./offences.ts";
import { Scores } from "./scores.ts";

const MINUTE = 60_000;
const PEER = peerId(7);
/** An address of the public internet; those for documentation are not. */
const DIRECT = "/ip4/9.8.7.6/tcp/9905";

Deno.test("addScore() points", async (t) => {
  await using test = await startBans();
  for (const [offence, points] of Object.entries(OFFENCE_POINTS)) {
    await t.step(offence, () => {
      const peer = peerId(points * 1000 + offence.length);
      expect(test.bans.addScore(peer, offence)).toEqual({
        score: points,
        banned: false,
        offences: [{ offence, at: test.clock.now() }],
      });
    });
  }
  await t.step("any other name is unknown", () => {
    for (const name of ["nonsense", "", "constructor", "__proto__"]) {
      expect(test.bans.addScore(peerId(99), name).offences.at(-1)?.offence).toBe("unknown");
    }
    expect(test.bans.score(peerId(99)).score).toBe(4);
  });
  await t.step("what is no peer id has no score", () => {
    for (const name of ["", "192.0.2.1", "x".repeat(100)]) {
      expect(test.bans.addScore(name, "spam")).toEqual({ score: 0, banned: false, offences: [] });
    }
  });
});

Deno.test("scores decay by whole minutes and keep the rest, on reading too", async () => {
  const clock = new FakeClock();
  const scores = new Scores(clock);
  scores.add(PEER, "invalid_block");
  await clock.advance(59_999);
  expect(scores.of(PEER).points).toBe(10);
  await clock.advance(1);
  expect(scores.of(PEER).points).toBe(9);
  for (let i = 0; i < 4; i++) {
    await clock.advance(40_000); // read between the minutes
    scores.of(PEER);
  }
  expect(scores.of(PEER).points).toBe(7); // 3 min 40 s
  expect(scores.add(PEER, "unknown")).toBe(8);
  await clock.advance(20_000); // the 40 s were not lost
  expect(scores.of(PEER).points).toBe(7);
  clock.jump(-90 * MINUTE);
  clock.jump(400 * MINUTE);
  expect(scores.of(PEER).points).toBe(7);
  await clock.advance(7 * MINUTE);
  expect([scores.of(PEER), scores.size]).toEqual([{ points: 0, offences: [] }, 0]);
});

Deno.test("scores are bounded: offences of a peer, peers", () => {
  const clock = new FakeClock();
  const scores = new Scores(clock, { capacity: 3 });
  for (let i = 0; i < 30; i++) scores.add("a", i < 25 ? "unknown" : "spam");
  expect(scores.of("a").offences.map(({ offence }) => offence))
    .toEqual([...Array(15).fill("unknown"), ...Array(5).fill("spam")]);
  for (const peer of ["b", "c", "a", "d"]) scores.add(peer, "spam");
  expect(["a", "b", "c", "d"].map((peer) => scores.of(peer).points)).toEqual([325, 0, 50, 50]);
  expect(scores.size).toBe(3);
});

Deno.test("sweep() forgets only what has decayed", async () => {
  const clock = new FakeClock();
  const scores = new Scores(clock);
  scores.add("a", "unknown");
  scores.add("b", "spam");
  await clock.advance(MINUTE);
  scores.sweep();
  expect([scores.size, scores.of("b").points]).toEqual([1, 49]);
});

Deno.test("a peer at the threshold is banned for the default duration and starts anew", async () => {
  await using test = await startBans({ defaultDurationMs: 30 * MINUTE });
  const { bans, clock, events } = test;
  expect(bans.addScore(PEER, "spam", { address: DIRECT })).toMatchObject({ score: 50, banned: false });
  expect(bans.addScore(PEER, "spam", { address: DIRECT })).toMatchObject({ score: 100, banned: true });
  expect(bans.addScore(PEER, "spam", { address: DIRECT })).toMatchObject({ score: 100, banned: true });
  expect(bans.list()).toEqual([{
    target: PEER,
    kind: "peer",
    source: "auto",
    created: clock.now(),
    until: clock.now() + 30 * MINUTE,
    reason: "misbehaviour: spam",
    hits: 0,
    address: "9.8.7.6",
  }]);
  expect(events).toEqual([{
    type: "PeerBanned",
    payload: { peer_addr: PEER, reason: "misbehaviour: spam", ban_duration_seconds: 1800 },
  }]);
  await clock.advance(30 * MINUTE);
  expect([bans.isBannedPeer(PEER), bans.score(PEER)]).toEqual([false, {
    score: 0,
    banned: false,
    offences: [],
  }]);
});

Deno.test("unban(), clear() and resetScore() forget the score", async () => {
  await using test = await startBans();
  const { bans } = test;
  const offend = () => bans.addScore(PEER, "spam").score;
  offend();
  expect([offend(), await bans.unban(PEER), bans.score(PEER).score]).toEqual([100, true, 0]);
  offend();
  expect([await bans.unban(PEER), bans.score(PEER).score]).toEqual([false, 0]);
  offend();
  await bans.clear();
  expect(bans.score(PEER).score).toBe(0);
  offend();
  bans.resetScore(PEER);
  expect(bans.score(PEER).score).toBe(0);
});

Deno.test("peers of the operator's choice are warned about and never banned by score", async (t) => {
  await using test = await startBans({ allow: ["10.0.0.0/8", "8.8.4.4", peerId(1)] });
  const { bans, log } = test;
  const rows: [name: string, peer: string, context: Parameters<typeof bans.addScore>[2]][] = [
    ["static", peerId(2), { trusted: true, address: DIRECT }],
    ["allowed id", peerId(1), { address: DIRECT }],
    ["allowed address", peerId(3), { address: "/ip4/8.8.4.4/tcp/1" }],
    ["allowed network", peerId(4), { address: "/ip4/10.9.9.9/tcp/1" }],
  ];
  for (const [name, peer, context] of rows) {
    await t.step(name, () => {
      log.length = 0;
      bans.addScore(peer, "spam", context);
      expect(bans.addScore(peer, "spam", context)).toMatchObject({ score: 0, banned: false });
      expect(log.map(({ level }) => level)).toEqual(["warn"]);
    });
  }
  await t.step("through a relay an allowed address counts for nobody", () => {
    const context = { address: `/ip4/8.8.4.4/tcp/1/p2p/${peerId(8)}/p2p-circuit/p2p/${peerId(5)}` };
    bans.addScore(peerId(5), "spam", context);
    expect(bans.addScore(peerId(5), "spam", context).banned).toBe(true);
  });
  await t.step("operators' bans win", async () => {
    await bans.ban(peerId(1));
    expect(bans.isBannedPeer(peerId(1))).toBe(true);
  });
});

Deno.test("an address is banned after several of its peers, when it is direct and public", async (t) => {
  const rows: [name: string, address: string, banned: string | undefined][] = [
    ["IPv4", "/ip4/9.8.7.6/tcp/1", "9.8.7.6"],
    ["IPv6, by its /64", "/ip6/2a00:1:2:3:4:5:6:7/tcp/1", "2a00:1:2:3::/64"],
    ["mapped IPv4", "/ip6/::ffff:9.8.7.6/tcp/1", "9.8.7.6"],
    ["loopback", "/ip4/127.0.0.1/tcp/1", undefined],
    ["IPv6 loopback", "/ip6/::1/tcp/1", undefined],
    ["private", "/ip4/172.17.0.1/tcp/1", undefined],
    ["shared", "/ip4/100.64.1.1/tcp/1", undefined],
    ["unique local", "/ip6/fd00::1/tcp/1", undefined],
    ["relayed", `/ip4/9.8.7.6/tcp/1/p2p/${peerId(50)}/p2p-circuit`, undefined],
    ["a name", "/dns4/example.org/tcp/1", undefined],
    ["nothing", "", undefined],
  ];
  for (const [name, address, banned] of rows) {
    await t.step(name, async () => {
      await using test = await startBans({ banIpAfter: 3 });
      const misbehave = (number: number) => {
        test.bans.addScore(peerId(number), "spam", { address });
        test.bans.addScore(peerId(number), "spam", { address });
      };
      const addresses = () =>
        test.bans.list().filter(({ kind }) => kind !== "peer").map(({ target, source }) => [target, source]);
      misbehave(1);
      misbehave(2);
      expect(addresses()).toEqual([]);
      misbehave(3);
      expect(addresses()).toEqual(banned === undefined ? [] : [[banned, "auto"]]);
    });
  }
  await t.step("never, when it is off", async () => {
    await using test = await startBans();
    for (let i = 0; i < 40; i++) test.bans.addScore(peerId(i >> 1), "spam", { address: DIRECT });
    expect(test.bans.list().filter(({ kind }) => kind !== "peer")).toEqual([]);
  });
});

Deno.test("an address is banned whose peers come with a new id before each ban", async (t) => {
  const startWith = async (init: Parameters<typeof startBans>[0] = {}) => {
    const test = await startBans({ banIpAfter: 3, ...init });
    const offend = (number: number, context = {}) =>
      test.bans.addScore(peerId(number), "spam", { address: DIRECT, ...context });
    const addresses = () =>
      test.bans.list().filter(({ kind }) => kind !== "peer").map(({ source, reason }) => [source, reason]);
    return { test, offend, addresses };
  };
  await t.step("at as many points as so many bans take", async () => {
    const { test, offend, addresses } = await startWith();
    await using _test = test;
    for (let i = 1; i <= 5; i++) offend(i);
    expect(addresses()).toEqual([]);
    offend(6);
    expect(addresses()).toEqual([["auto", "misbehaviour of many peers from there"]]);
    expect(test.bans.list().filter(({ kind }) => kind === "peer")).toEqual([]);
  });
  await t.step("not for points that are gone, nor after the ban was lifted", async () => {
    const { test, offend, addresses } = await startWith();
    await using _test = test;
    for (let i = 1; i <= 5; i++) offend(i);
    await test.clock.advance(60 * 60_000);
    offend(6);
    expect(addresses()).toEqual([]);
    offend(7);
    offend(8);
    const [ban] = test.bans.list();
    await test.bans.unban(ban?.target ?? "");
    offend(9);
    expect(addresses()).toEqual([]);
  });
  await t.step("never for peers of the operator's choice, nor when it is off", async () => {
    for (
      const [init, context] of [[{}, { trusted: true }], [{
        allow: ["9.0.0.0/8"],
      }, {}], [
        { banIpAfter: 0 },
        {},
      ]] as const
    ) {
      const { test, offend, addresses } = await startWith(init);
      await using _test = test;
      for (let i = 1; i <= 20; i++) offend(i, context);
      expect(addresses()).toEqual([]);
    }
  });
});
