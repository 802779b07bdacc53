import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { connect, type Socket } from "node:net";
import { startBarePeer } from "./_bare_peer.ts";
import { eventually, startNode, type TestNode } from "./_fixture.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";

class Incoming extends EventTarget {
  readonly remoteAddr: Multiaddr;
  status = "open";

  constructor(readonly ip: string) {
    super();
    this.remoteAddr = multiaddr(`/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/1`);
  }

  abort(): void {
    this.status = "aborted";
    this.dispatchEvent(new Event("close"));
  }
}

function setup(exempt: readonly string[] = []) {
  const evicted: string[] = [];
  const handshakes = new PendingHandshakes({
    exempt: new Set(exempt),
    onEvicted: (address) => void evicted.push(address.toString()),
  });
  const begun: Incoming[] = [];
  const begin = (ip: string) => {
    const connection = new Incoming(ip);
    const refusal = handshakes.begin(connection);
    if (refusal === undefined) begun.push(connection);
    return refusal;
  };
  return { handshakes, evicted, begun, begin };
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

Deno.test("PendingHandshakes gives one address eight places and its network sixteen", async (t) => {
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    ["IPv4 address", times(8, () => "8.8.4.1"), "8.8.4.1 HANDSHAKES_PER_IP"],
    ["IPv4 network", times(16, (i) => `8.8.4.${i}`), "8.8.4.99 HANDSHAKES_PER_SUBNET"],
    ["IPv4 in IPv6", times(8, () => "8.8.4.1"), "::ffff:8.8.4.1 HANDSHAKES_PER_IP"],
    ["IPv6 address", times(8, (i) => `2606:1:2:3::${i}`), "2606:1:2:3:9::1 HANDSHAKES_PER_IP"],
    ["IPv6 network", times(16, (i) => `2606:1:2:${i}::1`), "2606:1:2:99::1 HANDSHAKES_PER_SUBNET"],
    ["loopback", times(64, () => "127.0.0.1"), "127.0.0.1 HANDSHAKES_PER_IP"],
    ["a chosen peer's address", times(64, () => "9.9.9.9"), "9.9.9.9 HANDSHAKES_PER_IP"],
  ];
  for (const [name, before, wanted] of rows) {
    await t.step(name, () => {
      const { handshakes, begun, begin } = setup(["9.9.9.9"]);
      expect(before.map(begin).filter((one) => one !== undefined)).toEqual([]);
      const [ip = "", refusal] = wanted.split(" ");
      expect(begin(ip)).toBe(refusal);
      expect([begin("5.5.5.5"), begin("2700::1")]).toEqual([undefined, undefined]);
      const [first, second] = begun;
      if (!first || !second) throw new Error("two handshakes");
      handshakes.finished(first);
      handshakes.finished(first); // harmless when repeated
      expect([begin(ip), begin(ip)]).toEqual([undefined, refusal]);
      second.abort();
      expect([begin(ip), begin(ip)]).toEqual([undefined, refusal]);
    });
  }
});

Deno.test("PendingHandshakes makes room for newcomers at the cost of whoever holds most", () => {
  const { handshakes, evicted, begun, begin } = setup();
  begin("7.7.7.7"); // older than all, and alone
  for (let i = 0; i < 16; i++) for (let j = 0; j < 16; j++) begin(`8.8.${i}.${j}`);
  expect([handshakes.size, handshakes.evicted, evicted]).toEqual([256, 1, ["/ip4/8.8.0.0/tcp/1"]]);
  for (let i = 0; i < 1_000; i++) expect(begin(`9.${i >> 8}.${i & 255}.1`)).toBeUndefined();
  expect(handshakes.size).toBe(256);
  expect(begun.find(({ ip }) => ip === "7.7.7.7")?.status).toBe("aborted"); // among a thousand networks its turn came
  for (const connection of begun) connection.abort();
  expect(handshakes.size).toBe(0);
});

Deno.test("PendingHandshakes does not count what has ended before it was asked about", () => {
  const { handshakes } = setup();
  const ended = new Incoming("8.8.4.1");
  ended.abort();
  expect([handshakes.begin(ended), handshakes.size]).toEqual([undefined, 0]);
});

/** Opens connections to a node from an address of this machine, and says nothing on them. */
function hold(node: TestNode, { from, count }: { readonly from: string; readonly count: number }): Socket[] {
  const port = Number(/\/tcp\/(\d+)/.exec(node.address)?.[1]);
  return times(count, () => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    socket.on("error", () => {}); // reset, as it should be
    return socket;
  });
}

Deno.test("an honest peer gets in while strangers hold unfinished handshakes", {
  ignore: Deno.build.os !== "linux", // elsewhere loopback is one address
}, async () => {
  await using node = await startNode();
  const pending = () => node.metrics.value("commons_p2p_pending_handshakes");
  const refused = (reason: string) => node.metrics.value("commons_p2p_connections_refused_total", { reason });
  const sockets = hold(node, { from: "127.0.0.2", count: 70 });
  try {
    await eventually(() => refused("HANDSHAKES_PER_IP") === 6);
    expect(pending()).toBe(64);
    for (const from of ["127.0.0.3", "127.0.0.4", "127.0.0.5"]) {
      sockets.push(...hold(node, { from, count: 64 }));
    }
    await eventually(() => pending() === 256);
    expect(refused("HANDSHAKES_FULL")).toBe(0);
    await using honest = await startBarePeer("commons/bitcoin/1.0.0/regtest-block");
    await honest.dial(node.address);
    await eventually(() => node.service.peers().length === 1);
    expect(refused("HANDSHAKES_FULL")).toBe(1);
    expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(256);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await eventually(() => pending() === 0);
  expect(node.metrics.value("commons_p2p_handshakes_total", { direction: "inbound", result: "opened" })).toBe(
    1,
  );
});
