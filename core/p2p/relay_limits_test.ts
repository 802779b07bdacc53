import type { GossipSub, TopicValidatorFn } from "@libp2p/gossipsub";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { eventually, RecordingEvents, silentLogger, startNode, testIdentity } from "./_fixture.ts";
import { goodMessages, testContext, testOwn } from "./_message_fixture.ts";
import { CODECS } from "./codecs.ts";
import { scoreOf, stopGossip, unhear } from "./gossip_internals.ts";
import { GossipRouter, type GossipRouterComponents } from "./gossip_router.ts";
import { createHost } from "./host.ts";
import { libp2pLogger } from "./libp2p_logger.ts";
import { NotificationListeners } from "./listeners.ts";
import { RelayLimits } from "./relay_limits.ts";

const RATE = { perSecond: 20, burst: 200 };

function setup(rate = RATE) {
  const clock = new FakeClock();
  const limits = new RelayLimits({ clock, rate });
  const admit = (count: number, source: string) => {
    const seen: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const admission = limits.admit(source);
      seen[admission] = (seen[admission] ?? 0) + 1;
    }
    return seen;
  };
  return { clock, limits, admit };
}

Deno.test("RelayLimits looks at one peer's rate, and at four such peers together", async () => {
  const { clock, admit } = setup();
  for (const source of ["a", "b", "c", "d"]) expect(admit(250, source)).toEqual({ ok: 200, limited: 50 });
  await clock.advance(1_000);
  expect(["a", "b", "c", "d"].map((source) => admit(30, source)["ok"])).toEqual([20, 20, 20, 20]);
});

Deno.test("RelayLimits leaves every peer its share, however busy others keep the node", async () => {
  const { clock, admit } = setup();
  for (let i = 0; i < 20; i++) admit(1_000, `busy ${i}`);
  expect(admit(10, "quiet")).toEqual({ ok: 6, limited: 4 }); // 200 / 32
  for (let second = 0; second < 16; second++) {
    for (let i = 0; i < 20; i++) admit(100, `busy ${i}`);
    await clock.advance(100);
  }
  for (let i = 0; i < 20; i++) admit(100, `busy ${i}`);
  expect(admit(10, "quiet")["ok"]).toBe(1); // 20 / 32 of one a second
});

Deno.test("RelayLimits never blames an honest relay whose neighbours are all hostile", async (t) => {
  for (const { topic, limits } of CODECS) {
    if (limits === undefined) continue;
    await t.step(topic, async () => {
      const clock = new FakeClock();
      const [relay, observer] = [0, 1].map(() => new RelayLimits({ clock, rate: limits.source }));
      const perSecond = Math.ceil(limits.source.perSecond * 1.5);
      let blamed = 0;
      for (let second = 0; second < 90; second++) {
        for (let neighbour = 0; neighbour < 125; neighbour++) {
          const count = second === 0 ? limits.source.burst : perSecond;
          for (let i = 0; i < count; i++) {
            if (relay?.admit(`${neighbour}`) !== "ok") break; // nor is the rest of this turn
            if (observer?.admit("relay") === "flood") blamed++;
          }
        }
        await clock.advance(1_000);
      }
      expect(blamed).toBe(0);
    });
  }
});

Deno.test("RelayLimits tells far more than an honest relay can pass on, once a minute", async () => {
  const { clock, admit } = setup();
  const most = 16 * (200 + 60 * 20);
  expect(admit(most, "a")["flood"]).toBeUndefined();
  expect(admit(most, "a")["flood"]).toBe(1);
  await clock.advance(60_000);
  expect(admit(most + 1, "a")["flood"]).toBe(1);
  expect(admit(most, "b")["flood"]).toBeUndefined();
});

Deno.test("GossipRouter has a peer unheard that floods under ever new names, and its authors not blamed", async () => {
  const [{ peerId: own }, { peerId: source }, { peerId: author }] = await Promise.all([
    testIdentity(),
    testIdentity(),
    testIdentity(),
  ]);
  const told: string[] = [];
  const components: GossipRouterComponents = {
    logger: silentLogger,
    events: new RecordingEvents(),
    listeners: new NotificationListeners(silentLogger),
    addressOf: () => "",
    authors: { refusal: () => undefined },
    gate: { isOpen: () => true, admits: () => true, assertOpen() {} },
    blame: (peerId, code) => void told.push(`blame ${peerId} ${code}`),
    unhear: (peerId) => void told.push(`unhear ${peerId}`),
    heard() {},
  };
  const scope = testContext(author, { network: "regtest" });
  const router = new GossipRouter(components, {
    topicPrefix: "commons/bitcoin/1.0.0",
    envelope: "raw",
    own: testOwn({ peerId: own }),
    scope,
  });
  const topicValidators = new Map<string, TopicValidatorFn>();
  // only what is asked for
  router.attach(
    { topicValidators, addEventListener() {}, subscribe() {} } as unknown as GossipSub,
  );
  const topic = "commons/bitcoin/1.0.0/regtest-bestblock";
  const data = new TextEncoder().encode(JSON.stringify(goodMessages(author).bestblock));
  const message = { type: "signed", topic, data, from: peerIdFromString(author) };
  for (let i = 0; i <= 16 * (200 + 60 * 20); i++) {
    void topicValidators.get(topic)?.(peerIdFromString(source), message as never);
  }
  expect(told).toEqual([`unhear ${source}`]);
});

Deno.test("unhear() takes a peer below what gossip listens to", async () => {
  const topics = ["commons/bitcoin/1.0.0/regtest-block"];
  await using node = await startNode();
  const host = await createHost({
    identity: await testIdentity(),
    clock: new FakeClock(),
    logger: libp2pLogger(silentLogger),
    misbehaved() {},
  }, {
    listen: [],
    announce: [],
    maxConnections: 10,
    version: "0.0.0-test",
    topics,
    extraScore: () => 20,
    announceFilter: (own) => own,
    reachability: { mdnsTag: "", onLocalPeer() {} },
    alwaysAllowed: [],
  });
  await host.start();
  const { pubsub } = host.services;
  try {
    await host.dial(multiaddr(node.address));
    await eventually(() => pubsub.getPeers().length === 1);
    unhear(pubsub, node.identity.peerId);
    await eventually(() => scoreOf(pubsub, node.identity.peerId) < -80); // scores are kept for a second
  } finally {
    await stopGossip(pubsub);
    await host.stop();
  }
});
