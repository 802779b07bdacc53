import { expect } from "expect";
import type { LogFields } from "../telemetry/mod.ts";
import { startBarePeer } from "./_bare_peer.ts";
import { BLOCK_1, eventually, silentLogger, startNode, type TestNode } from "./_fixture.ts";
import { goodMessages } from "./_message_fixture.ts";
import { AuthorGate, type AuthorGateComponents, type AuthorGateInit } from "./author_gate.ts";
import { TOPIC_NAMES } from "./types.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";

function gate(
  components: Partial<AuthorGateComponents> = {},
  init: Partial<AuthorGateInit> = {},
): AuthorGate {
  return new AuthorGate(
    { isBanned: () => false, isStatic: () => false, ...components },
    { self: "me", ...init },
  );
}

Deno.test("AuthorGate.refusal() looks at who wrote and who handed over", async (t) => {
  const bad = gate({ isBanned: (id) => id === "bad" });
  const listed = gate({ isStatic: (id) => id === "static" }, { allowedPublishers: ["listed"] });
  const rows: readonly [string, AuthorGate, [author: string, source: string], string | undefined][] = [
    ["anybody", gate(), ["a", "b"], undefined],
    ["the node itself", gate(), ["me", "b"], "OWN"],
    ["a banned author", bad, ["bad", "b"], "BANNED"],
    ["a banned relay", bad, ["a", "bad"], "BANNED"],
    ["a listed author through anybody", listed, ["listed", "b"], undefined],
    ["a static peer", listed, ["static", "static"], undefined],
    ["anybody else through a listed peer", listed, ["a", "listed"], "UNLISTED_PUBLISHER"],
    ["everybody where the list is empty", gate({}, { allowedPublishers: [] }), ["a", "b"], undefined],
  ];
  for (const [name, authors, [author, source], code] of rows) {
    await t.step(name, () => {
      const refusal = authors.refusal("block", { author, source });
      expect(refusal?.code).toBe(code);
      expect(refusal?.result ?? "ignore").toBe("ignore"); // whoever passes it on is not to blame
    });
  }
});

Deno.test("AuthorGate.refusal() takes blocks from everybody, and what costs nothing from peers of some reputation", async (t) => {
  for (const [reputation, refused] of [[19.9, ["subtree", "rejected_tx"]], [20, []]] as const) {
    await t.step(`reputation ${reputation}`, () => {
      const authors = gate({ reputationOf: () => reputation });
      const topics = TOPIC_NAMES.filter((topic) =>
        authors.refusal(topic, { author: "a", source: "b" })?.code === "LOW_REPUTATION"
      );
      expect(topics).toEqual(refused);
    });
  }
});

function count(node: TestNode, topic: string, code: string): number {
  return node.metrics.value("commons_p2p_messages_total", { topic, result: "ignore", code });
}

Deno.test("a node hears listed publishers and static peers only, and blames nobody else", async () => {
  await using peer = await startBarePeer(TOPIC);
  await using listed = await startBarePeer(TOPIC);
  const refusals: (LogFields | undefined)[] = [];
  const debug = (message: string, fields?: LogFields) => {
    if (message === "message refused") refusals.push(fields);
  };
  await using node = await startNode({
    init: { network: "mainnet", allowedPublishers: [listed.peerId] },
    components: { logger: { ...silentLogger, debug } },
  });
  for (const from of [peer, listed]) await from.dial(node.address);
  await eventually(() => node.service.stats().topics[0]?.subscribers === 2);
  await peer.publish(TOPIC, goodMessages(peer.peerId)["block"]);
  await eventually(() => count(node, "block", "UNLISTED_PUBLISHER") === 1);
  expect(node.events.of("BlockAnnounced")).toEqual([]);
  expect(refusals).toMatchObject([
    {
      topic: "block",
      result: "ignore",
      code: "UNLISTED_PUBLISHER",
      author: peer.peerId,
      source: peer.peerId,
    },
  ]);
  await listed.publish(TOPIC, goodMessages(listed.peerId)["block"]);
  await node.events.until("BlockAnnounced");
  expect(node.service.announcersOf("block", BLOCK_1.hash).map(({ peerId }) => peerId)).toEqual([
    listed.peerId,
  ]);
});

Deno.test("a node ignores subtrees of a peer of low reputation, and takes its blocks", async () => {
  const subtrees = TOPIC.replace("-block", "-subtree");
  await using peer = await startBarePeer(TOPIC);
  peer.pubsub.subscribe(subtrees);
  await using node = await startNode({
    init: { network: "mainnet" },
    components: { reputationOf: (peerId) => peerId === peer.peerId ? 5 : 50 },
  });
  await peer.dial(node.address);
  await eventually(() =>
    node.service.stats().topics.every(({ topic, subscribers }) =>
      subscribers === (topic === "block" || topic === "subtree" ? 1 : 0)
    )
  );
  const { block, subtree } = goodMessages(peer.peerId);
  await peer.publish(subtrees, subtree);
  await eventually(() => count(node, "subtree", "LOW_REPUTATION") === 1);
  await peer.publish(TOPIC, block);
  await node.events.until("BlockAnnounced");
});
