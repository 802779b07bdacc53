import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { addressScope, announced, assertProtected, ipOf, mayLearn } from "./reachability.ts";

const PUBLIC = "/ip4/8.8.4.4/tcp/9905";
const PRIVATE = "/ip4/192.168.1.7/tcp/9905";

Deno.test("addressScope() tells who can reach an address", async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    [PUBLIC, "public"],
    ["/ip6/2606:4700::1111/tcp/1/ws", "public"],
    ["/dns4/node.example.org/tcp/443/tls/ws", "public"],
    ["/dnsaddr/bootstrap.example.org", "public"],
    ["/ip4/127.0.0.1/tcp/1", "private"],
    ["/ip4/10.0.0.1/tcp/1", "private"],
    ["/ip4/172.31.255.255/tcp/1", "private"],
    [PRIVATE, "private"],
    ["/ip4/169.254.169.254/tcp/80", "private"],
    ["/ip4/100.64.0.1/tcp/1", "private"],
    ["/ip4/0.0.0.0/tcp/1", "private"],
    ["/ip4/224.0.0.1/tcp/1", "private"],
    ["/ip4/255.255.255.255/tcp/1", "private"],
    ["/ip6/::1/tcp/1", "private"],
    ["/ip6/::/tcp/1", "private"],
    ["/ip6/fe80::1/tcp/1", "private"],
    ["/ip6zone/eth0/ip6/fe80::1/tcp/1", "private"],
    ["/ip6/fd00::1/tcp/1", "private"],
    ["/ip6/::ffff:10.0.0.1/tcp/1", "private"],
    ["/ip6/::ffff:8.8.4.4/tcp/1", "public"],
    ["/dns/localhost/tcp/1", "private"],
    ["/dns/LOCALHOST./tcp/1", "private"],
    ["/dns/printer.local/tcp/1", "private"],
    ["/dns/router/tcp/1", "private"],
    ["/dns/db.internal/tcp/1", "private"],
    ["/memory/x", "unknown"],
    ["/unix/%2Ftmp%2Fx", "unknown"],
  ];
  for (const [text, scope] of rows) {
    await t.step(text, () => expect(addressScope(multiaddr(text))).toBe(scope));
  }
});

Deno.test("announced() keeps private addresses to itself unless they are shared", async (t) => {
  const own = [PUBLIC, PRIVATE, "/ip4/127.0.0.1/tcp/9905", PUBLIC].map((text) => multiaddr(text));
  const texts = (rules: Parameters<typeof announced>[1]) => announced(own, rules).map(String);
  await t.step("not shared", () => {
    expect(texts({ announce: [], sharePrivateAddresses: false })).toEqual([PUBLIC]);
  });
  await t.step("shared", () => {
    expect(texts({ announce: [], sharePrivateAddresses: true })).toEqual([
      PUBLIC,
      PRIVATE,
      "/ip4/127.0.0.1/tcp/9905",
    ]);
  });
  await t.step("what the operator announces is announced, private or not", () => {
    const announce = [PRIVATE];
    expect(announced([multiaddr(PRIVATE)], { announce, sharePrivateAddresses: false }).map(String))
      .toEqual([PRIVATE]);
  });
});

Deno.test("mayLearn() refuses private addresses of others unless they are shared", () => {
  expect(mayLearn(multiaddr(PUBLIC), { sharePrivateAddresses: false })).toBe(true);
  expect(mayLearn(multiaddr(PRIVATE), { sharePrivateAddresses: false })).toBe(false);
  expect(mayLearn(multiaddr(PRIVATE), { sharePrivateAddresses: true })).toBe(true);
  expect(mayLearn(multiaddr("/memory/x"), { sharePrivateAddresses: true })).toBe(false);
});

Deno.test("ipOf() finds the address, mapped ones as IPv4", () => {
  expect(ipOf(multiaddr("/ip6/::ffff:10.0.0.1/tcp/1"))?.toString()).toBe("10.0.0.1");
  expect(ipOf(multiaddr("/ip6/2606:4700::1111/tcp/1"))?.kind()).toBe("ipv6");
  expect(ipOf(multiaddr("/dns4/example.org/tcp/1"))).toBeUndefined();
});

Deno.test("assertProtected() refuses a shared key beside transports that skip it", async (t) => {
  const key = "ab".repeat(32);
  const bypassed = expect.objectContaining({ code: "SHARED_KEY_BYPASSED" });
  for (const name of ["webrtc", "webrtc-direct", "webtransport", "quic", "something-new"]) {
    await t.step(name, () => {
      expect(() => assertProtected(key, ["tcp", name])).toThrow(bypassed);
      assertProtected("", ["tcp", name]);
      assertProtected(undefined, ["tcp", name]);
    });
  }
  await t.step("TCP, WebSockets and relays apply it", () => {
    assertProtected(key, ["tcp", "websockets", "circuit-relay"]);
  });
  await t.step("the message does not show the key", () => {
    expect(() => assertProtected(key, ["quic"])).not.toThrow(key);
  });
});
