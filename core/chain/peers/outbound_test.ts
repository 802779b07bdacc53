import { expect } from "expect";
import { CompactWriter } from "../../bitcoin/mod.ts";
import { FakeBitcoinPeer } from "../../../tests/support/bitcoin_peer.ts";
import { mineHeaders, tipOf } from "../../../tests/support/mining.ts";
import { createMetrics } from "../../telemetry/mod.ts";
import { seededRandom, systemClock } from "../../base/mod.ts";
import { genesisOf, LATE, silentLogger, testChain } from "../_fixture.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { createBitcoinPeers } from "./bitcoin_peers.ts";
import { endpointText, parseEndpoint } from "./duplex.ts";
import { peersRig, recordingDesk, settled, until } from "./_fixture.ts";

Deno.test("parseEndpoint() reads what the configuration allows", () => {
  for (const text of ["127.0.0.1:8333", "node.example:18444", "[2001:db8::1]:8333"]) {
    expect(endpointText(parseEndpoint(text))).toBe(text);
  }
  expect(parseEndpoint("[::1]:8333")).toEqual({ host: "::1", port: 8333 });
});

Deno.test("a node that cannot be reached is tried again, less and less often, and warned of once", async () => {
  const times: number[] = [];
  await using rig = await peersRig({}, {
    peers: ["a:1"],
    connect() {
      times.push(rig.clock.monotonic());
      return Promise.reject(new Error("refused"));
    },
  });
  rig.peers.start();
  await settled();
  expect(rig.peers.peers()).toMatchObject([{ address: "a:1", state: "waiting", lastReason: "unreachable" }]);
  await rig.clock.advance(3 * 3_600_000);
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  expect(waits.length).toBeGreaterThan(20);
  waits.forEach((wait, i) => {
    const planned = Math.min(600_000, 2_000 * 2 ** i);
    expect(wait).toBeGreaterThan(planned * 0.74);
    expect(wait).toBeLessThan(planned * 1.26);
  });
  expect(new Set(waits).size).toBe(waits.length); // nobody can tell when it comes
  expect(rig.log.filter((line) => line.startsWith("warn"))).toEqual([
    "warn a Bitcoin node cannot be reached",
  ]);
});

Deno.test("a node that does not take the connection is given up after ten seconds", async () => {
  let aborted = 0;
  await using rig = await peersRig({}, {
    peers: ["a:1"],
    connect: (_endpoint, { signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          aborted++;
          reject(signal.reason);
        })
      ),
  });
  rig.peers.start();
  await rig.clock.advance(9_900);
  expect(rig.peers.peers()[0]?.state).toBe("connecting");
  await rig.clock.advance(200);
  expect([aborted, rig.reason()]).toEqual([1, "unreachable"]);
});

Deno.test("a node that was good is dialled at once when it is gone", async () => {
  const node = new FakeBitcoinPeer();
  await using rig = await peersRig({ "a:1": node });
  for (let i = 0; i < 3; i++) {
    if (i === 0) rig.peers.start();
    await until("ready", () => rig.peers.peers()[0]?.state === "ready");
    await rig.clock.advance(70_000);
    node.session.close();
    await until("gone", () => rig.peers.peers()[0]?.state === "waiting");
    await rig.clock.advance(2_600);
  }
  expect(node.sessions.length).toBe(4);
});

Deno.test("nobody is connected to who was not named, unless that is wished for", async () => {
  const node = new FakeBitcoinPeer();
  const asked: string[] = [];
  const resolve = (name: string) => (asked.push(name), Promise.resolve(["8.8.4.4"]));
  await using rig = await peersRig({ "a:1": node }, { resolve });
  rig.peers.start();
  await until("ready", () => rig.peers.peers()[0]?.state === "ready");
  const { session } = node;
  session.send("addr", told(["9.9.9.9"]));
  await settled();
  await rig.clock.advance(60_000);
  expect([asked, rig.dials]).toEqual([[], ["a:1"]]);
  expect(session.received.map(({ command }) => command)).not.toContain("getaddr");
});

/** Payload of `addr`. */
function told(hosts: readonly string[], services = 9n): Uint8Array {
  const writer = new CompactWriter().compactSize(hosts.length);
  for (const host of hosts) {
    writer.uint32(0).uint64(services).bytes(Uint8Array.fromHex("00000000000000000000ffff"));
    writer.bytes(Uint8Array.from(host.split("."), Number)).uint16be(8333);
  }
  return writer.finish();
}

Deno.test("nodes are found by DNS seeds and by what they tell, of different networks, eight at most", async () => {
  const seeds = ["8.1.0.1", "8.1.0.2", "8.2.0.1", "10.0.0.1", "127.0.0.1", "2a01:4f8::1", "nonsense"];
  const names = Array.from({ length: 20 }, (_, i) => `9.${i}.0.1`);
  const nodes = Object.fromEntries(
    [
      "8.1.0.1:8333",
      "8.1.0.2:8333",
      "8.2.0.1:8333",
      "[2a01:4f8::1]:8333",
      ...names.map((name) => `${name}:8333`),
    ]
      .map((address) => [address, new FakeBitcoinPeer({ network: "mainnet" })]),
  );
  const asked: string[] = [];
  await using rig = await peersRig(nodes, {
    network: "mainnet",
    peers: [],
    dnsSeeds: true,
    resolve(name) {
      asked.push(name);
      return asked.length === 1 ? Promise.resolve(seeds) : Promise.reject(new Error("no such name"));
    },
  });
  rig.peers.start();
  await until("seeds", () => rig.peers.peers().filter(({ state }) => state === "ready").length === 3);
  expect(asked.length).toBeGreaterThan(3);
  expect(rig.dials.length).toBe(3); // two of the same network are one
  expect(rig.peers.peers().every(({ origin }) => origin === "found")).toBe(true);
  const [teller] = Object.values(nodes).filter(({ open }) => open > 0);
  const commands = teller?.session.received.map(({ command }) => command);
  expect(commands).toEqual(expect.arrayContaining(["getaddr", "sendaddrv2"]));
  expect(commands?.indexOf("sendaddrv2")).toBeLessThan(commands?.indexOf("verack") ?? 0);
  teller?.session.send("addr", told(["9.99.0.1"], 0n)); // serves nothing
  teller?.session.send("addr", told(names));
  await settled();
  await rig.clock.advance(20_000);
  await until("all", () => rig.peers.peers().filter(({ state }) => state === "ready").length === 8);
  await rig.clock.advance(120_000);
  expect(rig.dials.length).toBe(8);
  expect(rig.dials).not.toContain("9.99.0.1:8333");
});

Deno.test("a found node that serves nothing, or is gone, makes room for another", async () => {
  const useless = new FakeBitcoinPeer({ network: "mainnet", version: { services: 0n } });
  const good = new FakeBitcoinPeer({ network: "mainnet" });
  await using rig = await peersRig({ "8.1.0.1:8333": useless, "8.2.0.1:8333": good }, {
    network: "mainnet",
    peers: [],
    dnsSeeds: true,
    resolve: () => Promise.resolve(["8.1.0.1", "8.2.0.1"]),
  });
  rig.peers.start();
  await until("useless", () => useless.sessions.length === 1 && useless.open === 0);
  await until("ready", () => rig.peers.peers().length === 1 && rig.peers.peers()[0]?.state === "ready");
  await rig.clock.advance(120_000);
  expect(useless.sessions.length).toBe(3); // and then it is forgotten
});

Deno.test("stop() ends connections in every state, and leaves no timer", async () => {
  const nodes = {
    "a:1": new FakeBitcoinPeer(),
    "b:1": new FakeBitcoinPeer({ silent: true }),
  };
  const rig = await peersRig(nodes, { peers: ["a:1", "b:1", "c:1"] });
  rig.peers.start();
  await until("ready", () => rig.peers.peers()[0]?.state === "ready");
  expect(rig.peers.peers().map(({ state }) => state)).toEqual(["ready", "handshake", "waiting"]);
  await rig.peers.stop();
  await rig.peers.stop();
  expect(rig.clock.pending).toBe(0);
  expect(rig.peers.available()).toBe(false);
  await rig[Symbol.asyncDispose]();
});

Deno.test("over TCP: a chain is synced, followed and served", async () => {
  const { headers } = mineHeaders(tipOf(genesisOf("regtest")), 10_000);
  const node = new FakeBitcoinPeer({ headers: headers.slice(0, 9_990 * 80) });
  await using listener = node.listen();
  await using t = await testChain({ clock: { ...systemClock, now: () => LATE * 1000 } });
  const told = recordingDesk();
  const metrics = createMetrics();
  const peers = createBitcoinPeers({
    chain: t.chain,
    desk: told.desk,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics,
  }, { network: "regtest", peers: [`localhost:${listener.port}`], dnsSeeds: false, version: "0.0.1" });
  await using _stop = { [Symbol.asyncDispose]: () => peers.stop() };
  peers.start();
  await eventually("the chain is synced", () => t.chain.tip().height === 9_990);
  node.announce(headers, 8);
  await eventually("the announced headers and those before them came", () => t.chain.tip().height === 10_000);
  expect(peers.peers()).toMatchObject([{ state: "ready", userAgent: "/fake:0.1/" }]);
  expect(await metrics.text()).toMatch(/commons_bitcoin_bytes_total\{direction="in"\} 8\d{5}/);
});
