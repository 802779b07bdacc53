import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import type { LogFields } from "../telemetry/mod.ts";
import { RecordingMetrics, silentLogger, testIdentity, testInit } from "./_fixture.ts";
import { dhtOptions } from "./discovery_dht.ts";
import { limitingGater } from "./reachability_setup.ts";

const [{ peerId: self }, { peerId: stranger }, { peerId: chosen }] = await Promise.all([
  testIdentity(),
  testIdentity(),
  testIdentity(),
]);
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["8.8.4.4", "2606:4700::1111"],
  "inside.example": ["10.0.0.1"],
  "both.example": ["8.8.4.4", "127.0.0.1"],
  "mapped.example": ["::ffff:192.168.0.1"],
  "empty.example": [],
};

function gater(sharePrivateAddresses: boolean, lines: (LogFields | undefined)[] = []) {
  return limitingGater({
    clock: new FakeClock(),
    metrics: new RecordingMetrics(),
    logger: { ...silentLogger, debug: (_message, fields) => void lines.push(fields) },
    self,
    isChosen: (peerId) => peerId === chosen,
    resolve: (name) => Promise.resolve(NAMES[name] ?? Promise.reject(new Error("no such name"))),
  }, testInit({ sharePrivateAddresses }));
}

Deno.test("names of strangers are dialled when all that they stand for is public", async (t) => {
  const rows: readonly (readonly [address: string, denied: boolean])[] = [
    [`/dns4/public.example/tcp/1/p2p/${stranger}`, false],
    [`/dns/inside.example/tcp/1/p2p/${stranger}`, true],
    [`/dns4/both.example/tcp/443/tls/ws/p2p/${stranger}`, true],
    [`/dns6/mapped.example/tcp/1/p2p/${stranger}`, true],
    [`/dns4/empty.example/tcp/1/p2p/${stranger}`, true],
    [`/dns4/unknown.example/tcp/1/p2p/${stranger}`, true],
    ["/dns4/inside.example/tcp/1", true],
    [`/dns4/inside.example/tcp/1/p2p/${chosen}`, false],
    [`/dns4/inside.example/tcp/1/p2p/${chosen}/p2p-circuit/p2p/${stranger}`, true],
    [`/ip4/8.8.4.4/tcp/1/p2p/${stranger}`, false],
  ];
  for (const [address, denied] of rows) {
    await t.step(address.replaceAll(/12D3\w+/g, "…"), async () => {
      const lines: (LogFields | undefined)[] = [];
      expect(await gater(false, lines).denyDialMultiaddr?.(multiaddr(address))).toBe(denied);
      expect(lines).toEqual(denied ? [{ reason: "PRIVATE", target: address }] : []);
    });
  }
  await t.step("all, where private addresses are shared", async () => {
    expect(await gater(true).denyDialMultiaddr?.(multiaddr("/dns4/inside.example/tcp/1"))).toBe(false);
  });
});

Deno.test("the DHT neither keeps nor tells banned peers and addresses", () => {
  const { peerInfoMapper } = dhtOptions({
    mode: "private",
    protocolPrefix: "/commons",
    role: "server",
    sharePrivateAddresses: false,
    relay: false,
    isBanned: (peerId, address) => peerId === stranger || address.startsWith("/ip4/8.8.8.8/"),
  });
  const addresses = ["/ip4/8.8.8.8/tcp/1", "/ip4/8.8.4.4/tcp/1"].map((text) => multiaddr(text));
  const mapped = [stranger, chosen].map((text) =>
    peerInfoMapper?.({ id: peerIdFromString(text), multiaddrs: addresses }).multiaddrs.map(String)
  );
  expect(mapped).toEqual([[], ["/ip4/8.8.4.4/tcp/1"]]);
});
