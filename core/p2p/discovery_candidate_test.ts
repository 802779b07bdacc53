import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { candidateOf } from "./discovery_candidate.ts";
import { rendezvousKey } from "./discovery_rendezvous.ts";

const ID = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
const OTHER = "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu";

Deno.test("candidateOf() takes what can and may be dialled", async (t) => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["TCP", "/ip4/8.8.4.4/tcp/1", true],
    ["WebSockets", "/dns4/example.org/tcp/443/tls/ws", true],
    ["private", "/ip4/10.0.0.1/tcp/1", false],
    ["loopback", "/ip4/127.0.0.1/tcp/1", false],
    ["QUIC", "/ip4/8.8.4.4/udp/1/quic-v1", false],
    ["a name without transport", "/dns4/example.org", false],
    ["over a relay", `/ip4/8.8.4.4/tcp/1/p2p/${OTHER}/p2p-circuit`, false],
    ["of another peer", `/ip4/8.8.4.4/tcp/1/p2p/${OTHER}`, false],
  ];
  for (const [name, text, taken] of rows) {
    await t.step(name, () => {
      const rules = { sharePrivateAddresses: false, relay: false };
      const found = candidateOf({ id: ID, multiaddrs: [multiaddr(text)] }, rules);
      expect(found).toEqual({ peerId: ID, addresses: taken ? [text] : [] });
    });
  }
  await t.step("private ones where they are shared, relayed ones where relays are used", () => {
    const texts = ["/ip4/10.0.0.1/tcp/1", `/ip4/8.8.4.4/tcp/1/p2p/${OTHER}/p2p-circuit`];
    const rules = { sharePrivateAddresses: true, relay: true };
    expect(candidateOf({ id: ID, multiaddrs: texts.map((text) => multiaddr(text)) }, rules)?.addresses)
      .toEqual(texts);
  });
  await t.step("few, each once, without the peer's own id", () => {
    const texts = Array.from({ length: 50 }, (_, i) => `/ip4/8.8.4.4/tcp/${1 + i % 20}/p2p/${ID}`);
    const found = candidateOf({ id: ID, multiaddrs: texts.map((text) => multiaddr(text)) }, {
      sharePrivateAddresses: false,
      relay: false,
    });
    expect(found?.addresses).toEqual(Array.from({ length: 8 }, (_, i) => `/ip4/8.8.4.4/tcp/${i + 1}`));
  });
  await t.step("names whose bytes hold an address of their own, beside a good one", () => {
    const good = "/ip4/8.8.4.4/tcp/1";
    for (const name of ["a.example/ip4/10.0.0.1", "a.example/b", "/", "a.example/tcp/1"]) {
      const dns4 = Uint8Array.from([0x36, name.length, ...new TextEncoder().encode(name), 0x06, 0, 80]);
      const found = candidateOf({ id: ID, multiaddrs: [multiaddr(dns4), multiaddr(good)] }, {
        sharePrivateAddresses: false,
        relay: false,
      });
      expect([name, found?.addresses]).toEqual([name, [good]]);
    }
  });
  await t.step("an id that is none", () => {
    expect(candidateOf({ id: "x", multiaddrs: [] }, { sharePrivateAddresses: false, relay: false }))
      .toBeUndefined();
  });
});

Deno.test("rendezvousKey() is the raw CID of the topic's SHA-256", async () => {
  const topic = "commons/bitcoin/1.0.0/regtest-block";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(topic)));
  const key = await rendezvousKey(topic);
  expect([key.version, key.code, key.multihash.code]).toEqual([1, 0x55, 0x12]);
  expect(key.multihash.digest).toEqual(digest);
});
