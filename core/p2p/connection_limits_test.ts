import type { ConnectionGater } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { allGaters } from "./connection_gater.ts";
import { ConnectionLimits } from "./connection_limits.ts";

class Incoming extends EventTarget {
  readonly remoteAddr;

  constructor(ip: string) {
    super();
    this.remoteAddr = multiaddr(`/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/1`);
  }

  close(): void {
    this.dispatchEvent(new Event("close"));
    this.dispatchEvent(new Event("close")); // told twice is counted once
  }
}

function setup(init: Partial<ConstructorParameters<typeof ConnectionLimits>[1]> = {}) {
  const clock = new FakeClock();
  const limits = new ConnectionLimits({ clock }, {
    perIp: 2,
    perSubnet: 3,
    exempt: new Set(),
    total: 100,
    ...init,
  });
  const open: Incoming[] = [];
  const admit = (ip: string) => {
    const connection = new Incoming(ip);
    const refusal = limits.admit(connection);
    if (refusal === undefined) open.push(connection);
    return refusal;
  };
  return { clock, limits, open, admit };
}

Deno.test("ConnectionLimits counts open connections by address and network", async (t) => {
  await t.step("IPv4: by address, then by /24", () => {
    const { admit, open } = setup();
    expect([admit("8.8.4.1"), admit("8.8.4.1"), admit("8.8.4.1")]).toEqual([undefined, undefined, "PER_IP"]);
    expect([admit("8.8.4.2"), admit("8.8.4.3")]).toEqual([undefined, "PER_SUBNET"]);
    expect(admit("8.8.5.1")).toBeUndefined();
    open[0]?.close();
    expect([admit("8.8.4.3"), admit("8.8.4.4")]).toEqual([undefined, "PER_SUBNET"]);
  });
  await t.step("IPv6: by /64, then by /48", () => {
    const { admit } = setup();
    expect([admit("2606:1:2:3::1"), admit("2606:1:2:3::2"), admit("2606:1:2:3:ffff::3")])
      .toEqual([undefined, undefined, "PER_IP"]);
    expect([admit("2606:1:2:4::1"), admit("2606:1:2:5::1")]).toEqual([undefined, "PER_SUBNET"]);
    expect(admit("2606:1:3:3::1")).toBeUndefined();
  });
  await t.step("IPv4 in IPv6 is the same address", () => {
    const { admit } = setup();
    expect([admit("8.8.4.1"), admit("::ffff:8.8.4.1"), admit("::ffff:808:401")])
      .toEqual([undefined, undefined, "PER_IP"]);
  });
  await t.step("loopback and chosen peers are exempt", () => {
    const { admit } = setup({ exempt: new Set(["8.8.4.1"]) });
    for (const ip of ["127.0.0.1", "::1", "8.8.4.1"]) {
      expect(Array.from({ length: 50 }, () => admit(ip)).filter((one) => one !== undefined)).toEqual([]);
    }
  });
});

Deno.test("ConnectionLimits counts connections of one peer, wherever it comes from", () => {
  const { limits } = setup();
  const open = Array.from({ length: 4 }, (_, i) => new Incoming(`8.8.${i}.1`));
  const admit = (peerId: string, i: number) => limits.admitPeer(peerId, open[i] ?? new Incoming("8.8.9.1"));
  expect([0, 1, 2, 3].map((i) => admit("a", i))).toEqual([undefined, undefined, undefined, "PER_PEER"]);
  expect(admit("b", 3)).toBeUndefined();
  open[0]?.close();
  expect([admit("a", 4), admit("a", 5)]).toEqual([undefined, "PER_PEER"]);
});

Deno.test("ConnectionLimits limits how fast one address connects", async () => {
  const { clock, open, admit } = setup();
  const results = Array.from({ length: 40 }, () => {
    const refusal = admit("8.8.4.1");
    open.pop()?.close();
    return refusal;
  });
  expect(results.filter((one) => one === "RATE")).toHaveLength(24);
  expect(admit("8.8.4.2")).toBeUndefined();
  await clock.advance(1000);
  expect(admit("8.8.4.1")).toBeUndefined();
});

Deno.test("ConnectionLimits forgets what it need not know", () => {
  const { limits } = setup();
  for (let i = 0; i < 20_000; i++) {
    const connection = new Incoming(`9.${i >> 16 & 255}.${i >> 8 & 255}.${i & 255}`);
    if (limits.admit(connection) === undefined) connection.close();
  }
  expect(limits.remembered).toBe(4_096);
});

Deno.test("allGaters() lets pass what all let pass", async (t) => {
  const peer = {} as never; // handed through only
  const yes: ConnectionGater = { denyDialPeer: () => true, filterMultiaddrForPeer: () => false };
  const no: ConnectionGater = {
    denyDialPeer: () => Promise.resolve(false),
    filterMultiaddrForPeer: () => Promise.resolve(true),
  };
  const broken: ConnectionGater = {
    denyDialPeer: () => {
      throw new Error("no");
    },
    filterMultiaddrForPeer: () => Promise.reject(new Error("no")),
  };
  const rows: readonly (readonly [string, readonly ConnectionGater[], boolean])[] = [
    ["none", [], false],
    ["one without an opinion", [{}], false],
    ["all let it", [no, {}, no], false],
    ["one denies", [no, yes], true],
    ["one fails", [no, broken], true],
  ];
  for (const [name, gaters, denied] of rows) {
    await t.step(name, async () => {
      const gater = allGaters(gaters);
      expect(await gater.denyDialPeer?.(peer)).toBe(denied);
      expect(await gater.filterMultiaddrForPeer?.(peer, multiaddr("/ip4/8.8.4.4"))).toBe(!denied);
      expect(await gater.denyInboundRelayReservation?.(peer)).toBe(false);
    });
  }
});

Deno.test("ConnectionLimits ends connections of strangers, both ways, when there are too many", () => {
  const { limits } = setup({ total: 3 });
  const open = Array.from({ length: 4 }, (_, i) => new Incoming(`8.8.${i}.1`));
  const [first, second, third, fourth] = open;
  if (!first || !second || !third || !fourth) throw new Error("four connections");
  expect([limits.admitPeer("a", first), limits.admitOutgoing(second), limits.admitPeer("b", third)])
    .toEqual([undefined, undefined, undefined]);
  expect([limits.admitPeer("c", fourth), limits.admitOutgoing(fourth)]).toEqual(["FULL", "FULL"]);
  expect(limits.admitPeer("static", new Incoming("8.8.9.1"), { chosen: true })).toBeUndefined();
  second.close();
  expect([limits.admitOutgoing(fourth), limits.admitPeer("c", second)]).toEqual([undefined, "FULL"]);
});

Deno.test("ConnectionLimits keeps places for peers that the node dials itself", () => {
  const { limits } = setup({ total: 3, incoming: 2 });
  const open = Array.from({ length: 4 }, (_, i) => new Incoming(`8.8.${i}.1`));
  const [first, second, third, fourth] = open;
  if (!first || !second || !third || !fourth) throw new Error("four connections");
  expect([limits.admitPeer("a", first), limits.admitPeer("b", second), limits.admitPeer("c", third)])
    .toEqual([undefined, undefined, "FULL"]);
  expect([limits.admitOutgoing(third), limits.admitOutgoing(fourth)]).toEqual([undefined, "FULL"]);
  expect(limits.admitPeer("static", fourth, { chosen: true })).toBeUndefined();
  second.close();
  expect(limits.admitPeer("c", second)).toBe("FULL"); // two are open, one of them dialled
});
