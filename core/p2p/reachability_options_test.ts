import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { eventually, startNode, testIdentity, testInit } from "./_fixture.ts";
import type { P2pInit } from "./types.ts";
import { alwaysAllowed, bootstrapPeers, dhtInit, keptPeers, staticHosts } from "./reachability_setup.ts";
import type { ReachabilityOptions } from "./reachability_services.ts";

const OPTIONS = ["relay", "holePunching", "autonat", "upnp", "mdns"] as const;

function* combinations(): Iterable<ReachabilityOptions> {
  for (let bits = 0; bits < 2 ** OPTIONS.length; bits++) {
    yield Object.fromEntries(OPTIONS.map((name, index) => [name, (bits >> index & 1) === 1]));
  }
}

Deno.test("every combination of the ways to be reached starts, listens and stops", async (t) => {
  for (const options of combinations()) {
    const names = OPTIONS.filter((name) => options[name] === true);
    await t.step(names.join(" + ") || "none", async () => {
      await using node = await startNode({ init: { ...options, dht: "private" } });
      expect(node.service.listening().some((address) => address.startsWith("/ip4/127.0.0.1/tcp/"))).toBe(
        true,
      );
    });
  }
});

function startStranger() {
  return createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
}

Deno.test("a peer has three connections to a node at most", async () => {
  await using node = await startNode();
  const stranger = await startStranger();
  try {
    const dial = () => stranger.dial(multiaddr(node.address), { force: true });
    for (let i = 0; i < 3; i++) await dial();
    const fourth = await dial().catch(() => undefined); // told before or after its handshake is through
    await eventually(() => stranger.getConnections().length === 3);
    expect(fourth === undefined || fourth.status !== "open").toBe(true);
  } finally {
    await stranger.stop();
  }
});

/** What identify of a node tells a stranger about its addresses, as soon as it tells any or a second has passed. */
async function toldAddresses(init: Partial<P2pInit>): Promise<string[]> {
  await using node = await startNode({ init });
  const stranger = await startStranger();
  try {
    const told = Promise.withResolvers<string[]>();
    stranger.addEventListener("peer:identify", ({ detail }) => told.resolve(detail.listenAddrs.map(String)));
    await stranger.dial(multiaddr(node.address));
    return await told.promise;
  } finally {
    await stranger.stop();
  }
}

Deno.test("identify tells addresses as configured", async (t) => {
  const rows: readonly (readonly [string, Partial<P2pInit>, RegExp])[] = [
    ["private ones are kept", { sharePrivateAddresses: false }, /^$/],
    ["private ones are shared", { sharePrivateAddresses: true }, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/],
    [
      "what is announced, and nothing else",
      { sharePrivateAddresses: true, announce: ["/dns4/node.example.org/tcp/443/tls/ws"] },
      /^\/dns4\/node\.example\.org\/tcp\/443\/tls\/ws$/,
    ],
    [
      "what is announced, even if it is private",
      { sharePrivateAddresses: false, announce: ["/ip4/10.1.2.3/tcp/9905"] },
      /^\/ip4\/10\.1\.2\.3\/tcp\/9905$/,
    ],
  ];
  for (const [name, init, expected] of rows) {
    await t.step(name, async () => expect((await toldAddresses(init)).join(" ")).toMatch(expected));
  }
});

Deno.test("peers on the local network are dialled when multicast DNS tells of them", async () => {
  const init = { mdns: true, dht: "off" } as const;
  await using a = await startNode({ init });
  await using b = await startNode({ init });
  // where there is no multicast, both only start and stop
  const deadline = performance.now() + 1_500;
  await eventually(() => a.service.peers().length > 0 || performance.now() > deadline);
  expect(b.service.listening()).toHaveLength(1);
});

Deno.test("dhtInit() chooses who answers questions", async (t) => {
  const rows: readonly (readonly [string, Partial<P2pInit>, string | undefined])[] = [
    ["off", { dht: "off" }, undefined],
    ["a node that may have a public address", { sharePrivateAddresses: false }, "auto"],
    ["inside a private network", { sharePrivateAddresses: true }, "server"],
    ["announced", { sharePrivateAddresses: false, announce: ["/ip4/8.8.4.4/tcp/1"] }, "server"],
    ["an entry point", { sharePrivateAddresses: false, bootstrapOnly: true }, "server"],
    ["one that nobody can reach", { listen: [], sharePrivateAddresses: true }, "client"],
  ];
  for (const [name, init, role] of rows) {
    await t.step(name, () => expect(dhtInit(testInit({ dht: "private", ...init }))?.role).toBe(role));
  }
});

Deno.test("bootstrapPeers() reads entry points", async (t) => {
  const { peerId } = await testIdentity();
  const texts = [`/ip4/8.8.4.4/tcp/1/p2p/${peerId}`, `/dnsaddr/example.org/p2p/${peerId}`];
  await t.step("several addresses of one peer", () => {
    expect(bootstrapPeers({ dht: "private", bootstrap: texts })).toEqual([
      { peerId, addresses: ["/ip4/8.8.4.4/tcp/1", "/dnsaddr/example.org"] },
    ]);
  });
  await t.step("none in a private DHT are none, in the public one its own", () => {
    expect(bootstrapPeers({ dht: "private", bootstrap: [] })).toEqual([]);
    expect(bootstrapPeers({ dht: "off" })).toEqual([]);
    expect(bootstrapPeers({ dht: "standard" }).length).toBeGreaterThan(2);
    expect(bootstrapPeers({ dht: "standard", bootstrap: texts })).toHaveLength(1);
  });
  await t.step("refused", () => {
    for (
      const text of ["/ip4/8.8.4.4/tcp/1", "/dnsaddr/example.org", "x", `/ip4/8.8.4.4/udp/1/p2p/${peerId}`]
    ) {
      expect(() => bootstrapPeers({ dht: "private", bootstrap: [text] }))
        .toThrow(expect.objectContaining({ code: "INVALID_MULTIADDR" }));
    }
    expect(() => bootstrapPeers({ dht: "private", bootstrap: Array.from({ length: 65 }, () => "x") }))
      .toThrow(expect.objectContaining({ code: "TOO_MANY_PEERS" }));
  });
  await t.step("kept like static peers when they are persistent", () => {
    const init = testInit({ bootstrap: texts, staticPeers: [texts[0] ?? ""] });
    expect(keptPeers(init)).toHaveLength(1);
    expect(keptPeers({ ...init, bootstrapPersistent: true })).toHaveLength(3);
  });
});

Deno.test("static peers' addresses are exempt from limits, loopback from closing only when it must", async () => {
  const { peerId } = await testIdentity();
  const staticPeers = [
    `/ip4/8.8.4.4/tcp/1/p2p/${peerId}`,
    `/ip6/2606:4700::1111/tcp/1/p2p/${peerId}`,
    `/dns4/example.org/tcp/1/p2p/${peerId}`,
    `/ip4/127.0.0.1/tcp/1/p2p/${peerId}`,
  ];
  expect([...staticHosts({ staticPeers })]).toEqual(["8.8.4.4", "2606:4700::1111", "127.0.0.1"]);
  expect(alwaysAllowed({ staticPeers })).toEqual(["/ip4/8.8.4.4", "/ip6/2606:4700::1111"]);
});
