import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { parseAnnounceAddress, parseListenAddress, parsePeerAddress, transportOf } from "./addresses.ts";

const ID = "12D3KooWS9JPtHaqvzKJRi6QJVs1UEYC7roxbdLRo925FXqkaq49";

Deno.test("addresses are read by what they are for", async (t) => {
  const cases: readonly (readonly [string, boolean, boolean, boolean])[] = [
    // address, to listen on, to dial, to announce
    ["/ip4/0.0.0.0/tcp/9905", true, false, false],
    ["/ip6/::/tcp/9905/ws", true, false, false],
    ["/ip4/1.2.3.4/tcp/9905", true, false, true],
    ["/ip6/::1/tcp/9905/ws", true, false, true],
    ["/ip4/1.2.3.4/tcp/0", true, false, false],
    ["/dns4/node.example/tcp/9905", false, false, true],
    [`/ip4/1.2.3.4/tcp/9905/p2p/${ID}`, false, true, true],
    [`/dns4/node.example/tcp/443/tls/ws/p2p/${ID}`, false, true, true],
    [`/dnsaddr/node.example/p2p/${ID}`, false, false, false],
    [`/ip4/1.2.3.4/tcp/1/p2p/${ID}/p2p-circuit/p2p/${ID}`, false, false, false],
    ["/ip4/1.2.3.4/udp/9905/quic-v1", false, false, false],
    ["/ip4/1.2.3.4", false, false, false],
    ["/ip4/1.2.3.4/tcp/65536", false, false, false],
    ["", false, false, false],
    ["1.2.3.4:9905", false, false, false],
  ];
  for (const [text, ...wanted] of cases) {
    await t.step(JSON.stringify(text), () => {
      const readers = [parseListenAddress, parsePeerAddress, parseAnnounceAddress];
      expect(readers.map((read) => isRead(read, text))).toEqual(wanted);
    });
  }
});

Deno.test("transportOf() tells TCP and WebSockets apart", () => {
  const of = (text: string) => transportOf(multiaddr(text));
  expect(["/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/1/ws", "/dns4/a/tcp/443/tls/ws"].map(of))
    .toEqual(["tcp", "ws", "ws"]);
});

function isRead(read: (text: string) => unknown, text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "INVALID_MULTIADDR" });
    return false;
  }
}
