import { expect } from "expect";
import { peerId, startBans } from "./_fixture.ts";

const PEER = peerId(1);

Deno.test("banFor() bans what a module means, with its name as the reason", async (t) => {
  const rows: [given: string, target: string][] = [
    ["192.0.2.1:9905", "192.0.2.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["[2001:db8::1]:9905", "2001:db8::1"],
    [PEER, PEER],
    [`/ip4/192.0.2.1/tcp/9905/p2p/${PEER}`, "192.0.2.1"],
    [`/ip4/192.0.2.9/tcp/1/p2p/${peerId(2)}/p2p-circuit/p2p/${PEER}`, PEER],
    [`/dns4/host.example/tcp/1/p2p/${PEER}`, PEER],
  ];
  for (const [given, target] of rows) {
    await t.step(given, async () => {
      await using service = await startBans();
      const { bans, clock } = service;
      const entry = await bans.banFor("guard", given, { durationMs: 60_000 });
      expect(entry).toMatchObject({ target, source: "module", reason: "module guard" });
      expect(entry.until).toBe(clock.now() + 60_000);
      expect(await service.metrics()).toContain(
        'commons_ban_events_total{source="module",reason="module_ban"} 1',
      );
    });
  }
  for (const bad of ["", "/", "/dns4/host.example/tcp/1", "192.0.2.0/24", "::/0", "host.example:1"]) {
    await t.step(`refuses ${JSON.stringify(bad)}`, async () => {
      await using service = await startBans();
      await expect(service.bans.banFor("guard", bad)).rejects.toMatchObject({ code: "INVALID_BAN_TARGET" });
    });
  }
});

Deno.test("banFor() shortens nobody's ban", async () => {
  await using service = await startBans();
  const { bans } = service;
  await bans.ban("192.0.2.1", { durationMs: 60_000, reason: "mine" });
  expect(await bans.banFor("guard", "192.0.2.1", { until: null })).toMatchObject({
    source: "operator",
    reason: "mine",
  });
  const long = await bans.banFor("guard", PEER, { durationMs: 120_000 });
  expect(await bans.banFor("other", PEER, { durationMs: 60_000 })).toEqual(long);
  expect(await bans.banFor("other", PEER, { until: null })).toMatchObject({
    until: null,
    reason: "module other",
  });
  expect(await bans.ban(PEER, { durationMs: 1_000 })).toMatchObject({ source: "operator" }); // the operator may
});

Deno.test("banFor() takes the place of a ban of the operator that is over", async () => {
  await using service = await startBans();
  await service.bans.ban(PEER, { durationMs: 1_000 });
  await service.clock.advance(1_000);
  expect(await service.bans.banFor("guard", PEER)).toMatchObject({ source: "module" });
});

Deno.test("banFor() obeys the allow list and its share of the bans", async () => {
  await using service = await startBans({ allow: ["192.0.2.0/24", PEER], maxEntries: 8 });
  const { bans } = service;
  for (const target of ["192.0.2.7:1", PEER]) {
    await expect(bans.banFor("guard", target)).rejects.toMatchObject({ code: "BAN_NOT_ALLOWED" });
  }
  const chosen = [`/ip4/198.51.100.7/tcp/1/p2p/${peerId(9)}`];
  for (const target of ["198.51.100.7:5", peerId(9)]) {
    await expect(bans.banFor("guard", target, { chosen })).rejects.toMatchObject({ code: "BAN_NOT_ALLOWED" });
  }
  await bans.banFor("guard", peerId(2), { chosen });
  await bans.banFor("other", peerId(3));
  await expect(bans.banFor("guard", peerId(4))).rejects.toMatchObject({ code: "BANS_FULL" });
  await bans.banFor("guard", peerId(3), { until: null }); // no further one
  expect(bans.list().length).toBe(2);
});

Deno.test("bans of modules survive a restart and make room for operators' ones", async () => {
  const first = await startBans({ maxEntries: 1 });
  await first.bans.banFor("guard", PEER);
  await first.bans.stop();
  await using second = await startBans({ maxEntries: 1 }, { store: first.store, clock: first.clock });
  expect(second.bans.list()).toMatchObject([{ target: PEER, source: "module", reason: "module guard" }]);
  await second.bans.ban("192.0.2.1");
  expect(second.bans.list().map(({ target }) => target)).toEqual(["192.0.2.1"]);
});
