import { expect } from "expect";
import { ClientSlots } from "./client_slots.ts";
import { fakeService, from } from "./test_fakes.ts";
import { trustedSources } from "./trusted_sources.ts";

Deno.test("trustedSources() knows addresses of its networks and no other", async (t) => {
  const isTrusted = trustedSources(["192.0.2.0/25", "198.51.100.7", "2001:db8:1::/48"]);
  const rows: [remote: string, trusted: boolean][] = [
    ["192.0.2.0", true],
    ["192.0.2.127", true],
    ["192.0.2.128", false],
    ["198.51.100.7", true],
    ["198.51.100.8", false],
    ["2001:db8:1:ffff::1", true],
    ["2001:db8:2::1", false],
    ["::ffff:192.0.2.1", true],
    ["fe80::1%eth0", false],
    ["", false],
    ["nonsense", false],
  ];
  for (const [remote, trusted] of rows) {
    await t.step(remote, () => expect(isTrusted(remote)).toBe(trusted));
  }
  await t.step("everything", () => {
    expect(trustedSources(["0.0.0.0/0"])("203.0.113.7")).toBe(true);
    expect(trustedSources(["0.0.0.0/0"])("2001:db8::1")).toBe(false);
    expect(trustedSources(["::/0"])("2001:db8::1")).toBe(true);
    expect(trustedSources([])("203.0.113.7")).toBe(false);
  });
  for (
    const bad of ["", "localhost", "192.0.2.0/33", "12D3KooWGRUfRnL3gDFTt5mVrBUiZGgRkcYXNSgFzB8yKGRPNMRJ"]
  ) {
    await t.step(`refuses ${bad}`, () => {
      expect(() => trustedSources([bad])).toThrow(
        expect.objectContaining({ code: "INVALID_TRUSTED_SOURCE" }),
      );
    });
  }
});

Deno.test("ClientSlots() gives a trusted source more than its share, but not more than there is", () => {
  const slots = new ClientSlots(10, { isTrusted: trustedSources(["203.0.113.7"]) });
  const taken = (remote: string) => {
    const caller = { source: remote, remote, loopback: false };
    return Array.from({ length: 12 }, () => slots.take(caller)).filter((slot) => slot !== undefined).length;
  };
  expect([taken("203.0.113.8"), taken("203.0.113.7")]).toEqual([4, 6]);
});

Deno.test("events() of a trusted source are bounded by the total only", async () => {
  const { app } = fakeService({ maxSseClients: 6, publicRead: true, trustedSources: ["203.0.113.0/24"] });
  const statuses: number[] = [];
  for (let i = 0; i < 7; i++) {
    statuses.push((await app.request("/api/v1/events", {}, from("203.0.113.7"))).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 503]);
});
