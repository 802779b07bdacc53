import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { createBanService } from "../bans/mod.ts";
import { systemClock } from "../base/mod.ts";
import { memoryStore } from "../store/mod.ts";
import { eventually, RecordingEvents, RecordingMetrics, silentLogger, startNode } from "./_fixture.ts";

function startRelay() {
  return createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), relay: circuitRelayServer() },
  });
}

function startVisitor() {
  return createLibp2p({
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
}

Deno.test("bans hold over a relay, and the relay is not banned for what comes over it", async (t) => {
  const bans = createBanService({
    store: memoryStore(),
    clock: systemClock,
    events: new RecordingEvents(),
    logger: silentLogger,
    metrics: new RecordingMetrics(),
  }, { defaultDurationMs: 86_400_000, maxEntries: 100, threshold: 100, banIpAfter: 1 });
  await using stack = new AsyncDisposableStack();
  const relay = stack.adopt(await startRelay(), (host) => host.stop());
  const visitor = stack.adopt(await startVisitor(), (host) => host.stop());
  const relayAddress = relay.getMultiaddrs()[0]?.toString() ?? "";
  const node = stack.use(
    await startNode({ init: { relay: true, staticPeers: [relayAddress] }, components: { bans } }),
  );
  const { peerId } = node.identity;
  const relayed = multiaddr(`${relayAddress}/p2p-circuit/p2p/${peerId}`);
  const peers = () => node.service.peers().map((peer) => peer.peerId);
  const [relayId, visitorId] = [relay.peerId.toString(), visitor.peerId.toString()];
  const reserved = () => node.service.listening().some((address) => address.includes("p2p-circuit"));
  await eventually(reserved);
  const arrive = async () => {
    await visitor.dial(relayed);
    await eventually(() => peers().includes(visitorId));
  };
  await t.step("by its score: the peer goes, the relay stays", async () => {
    await arrive();
    const { address } = node.service.peers().find((peer) => peer.peerId === visitorId) ?? { address: "" };
    expect(address).toContain("/p2p-circuit");
    for (let i = 0; i < 2; i++) bans.addScore(visitorId, "spam", { address });
    await eventually(() => !peers().includes(visitorId));
    expect(bans.list().map(({ target }) => target)).toEqual([visitorId]);
    expect(peers()).toEqual([relayId]);
  });
  await t.step("it cannot come back", async () => {
    await visitor.dial(relayed).catch(() => {}); // refused sooner or later
    await eventually(() => (bans.find(visitorId)?.hits ?? 0) > 1);
    expect(peers()).toEqual([relayId]);
    await bans.unban(visitorId);
    await visitor.hangUp(multiaddr(`/p2p/${peerId}`));
    await arrive();
  });
  await t.step("a banned relay takes those who came over it along", async () => {
    await bans.ban(relayId);
    await eventually(() => peers().length === 0);
  });
});
