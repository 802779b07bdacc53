import { expect } from "expect";
import { startNode, testIdentity, testInit } from "./_fixture.ts";
import { assertInit } from "./assert_init.ts";
import type { P2pInit } from "./types.ts";

const { peerId } = await testIdentity();

/** Addresses of every transport that encrypts by itself, as somebody might configure them. */
const BYPASSING: readonly (readonly [transport: string, address: string])[] = [
  ["quic-v1", "/ip4/192.0.2.1/udp/9905/quic-v1"],
  ["webtransport", "/ip4/192.0.2.1/udp/9905/quic-v1/webtransport"],
  ["webrtc-direct", "/ip6/2001:db8::1/udp/9905/webrtc-direct"],
  ["webrtc", `/dns4/relay.example/tcp/443/tls/ws/p2p/${peerId}/p2p-circuit/webrtc`],
];
const SETTINGS: readonly (readonly [setting: string, (address: string) => Partial<P2pInit>])[] = [
  ["p2p.listen", (address) => ({ listen: [address] })],
  ["p2p.announce", (address) => ({ announce: [address] })],
  ["p2p.bootstrap", (address) => ({ bootstrap: [`${address}/p2p/${peerId}`] })],
  ["p2p.static_peers", (address) => ({ staticPeers: [`${address}/p2p/${peerId}`] })],
];

Deno.test("a shared key and an address of a transport that goes past it refuse each other", async (t) => {
  for (const [transport, address] of BYPASSING) {
    for (const [setting, initOf] of SETTINGS) {
      await t.step(`${transport} in ${setting}`, async () => {
        const closed = testInit({ sharedKey: "ab".repeat(32), ...initOf(address) });
        expect(() => assertInit(closed)).toThrow(expect.objectContaining({
          code: "SHARED_KEY_BYPASSED",
          message: expect.stringContaining(`${transport} in ${setting} (/`),
        }));
        await expect(startNode({ init: initOf(address) })).rejects.toMatchObject({
          code: "INVALID_MULTIADDR",
          message: expect.stringContaining(`this node does not speak ${transport}`),
        });
      });
    }
  }
});

Deno.test("another node's address is not announced", async () => {
  const other = (await testIdentity()).peerId;
  const announce = (id: string) => testInit({ announce: [`/ip4/192.0.2.1/tcp/9905/p2p/${id}`] });
  assertInit(announce(peerId), peerId);
  expect(() => assertInit(announce(other), peerId)).toThrow(
    expect.objectContaining({
      code: "INVALID_MULTIADDR",
      message: expect.stringContaining("another node's"),
    }),
  );
});

Deno.test("a shared key is fine with TCP and WebSockets", () => {
  const listen = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"];
  const staticPeers = [`/dns4/node.example/tcp/443/tls/ws/p2p/${peerId}`];
  expect(() => assertInit(testInit({ sharedKey: "ab".repeat(32), listen, staticPeers }))).not.toThrow();
});
