import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { BLOCK_1, eventually, RecordingMetrics, silentLogger, startNode } from "./_fixture.ts";
import { goodMessages } from "./_message_fixture.ts";
import { CODECS } from "./codecs.ts";
import { PublishGate } from "./publish_gate.ts";
import { TopicDesk } from "./topic_desk.ts";
import type { ChainStage, ListenMode, TopicName } from "./types.ts";

const DESKS = CODECS.map((codec) =>
  new TopicDesk({ codec, path: codec.topic, clock: new FakeClock(), logger: silentLogger })
);

Deno.test("PublishGate opens for each kind by listen mode and stage of the chain", async (t) => {
  const all = CODECS.map(({ topic }) => topic).sort();
  const behind = ["bestblock", "handshake", "node_status"];
  const rows: readonly [ListenMode, ChainStage | undefined, readonly string[]][] = [
    ["full", undefined, all],
    ["full", "running", all],
    ["full", "catching_up", behind],
    ["full", "idle", behind],
    ["listen_only", "running", ["handshake", "node_status"]],
    ["listen_only", "catching_up", ["handshake", "node_status"]],
    ["silent", "running", []],
    ["silent", "catching_up", []],
  ];
  for (const [listenMode, stage, open] of rows) {
    await t.step(`${listenMode}, ${stage ?? "no chain"}`, () => {
      const metrics = new RecordingMetrics();
      const gate = new PublishGate({ metrics }, { listenMode, stage: stage && (() => stage) });
      const topics = DESKS.filter((desk) => gate.isOpen(desk)).map(({ codec }) => codec.topic);
      expect(topics.sort()).toEqual(open);
    });
  }
});

Deno.test("PublishGate counts what was not said, by topic and reason", () => {
  const metrics = new RecordingMetrics();
  let stage: ChainStage = "catching_up";
  const gate = new PublishGate({ metrics }, { listenMode: "full", stage: () => stage });
  const block = DESKS.find(({ codec }) => codec.topic === "block") ?? DESKS[0];
  const blocked = (topic: TopicName, reason: string) =>
    metrics.value("commons_p2p_publish_blocked_total", { topic, reason });
  if (block === undefined) throw new Error("no desk");
  expect(() => gate.assertOpen(block)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  expect([gate.isOpen(block), gate.admits(block)]).toEqual([false, false]);
  expect(blocked("block", "catching_up")).toBe(2); // a question whether counts nothing
  stage = "idle";
  expect(gate.admits(block)).toBe(false);
  expect([blocked("block", "catching_up"), blocked("block", "idle")]).toEqual([2, 1]);
  stage = "running";
  expect(() => gate.assertOpen(block)).not.toThrow();
});

Deno.test("PublishGate stays open when the stage cannot be asked", () => {
  const gate = new PublishGate({ metrics: new RecordingMetrics() }, {
    listenMode: "full",
    stage() {
      throw new Error("the chain is closed");
    },
  });
  expect(DESKS.every((desk) => gate.isOpen(desk))).toBe(true);
});

Deno.test("a node that is behind tells so, announces nothing and does not answer with its best block", async () => {
  const clock = new FakeClock();
  let stage: ChainStage = "catching_up";
  const tip = { hash: BLOCK_1.hash, height: 1, chainwork: "02".padStart(64, "0"), header: BLOCK_1.header };
  const init = { network: "mainnet", tip: () => tip } as const;
  await using behind = await startNode({ init: { ...init, stage: () => stage }, components: { clock } });
  await using other = await startNode({ init: { network: "mainnet" } });
  await other.service.addPeer(behind.address);
  await eventually(() =>
    [behind, other].every(({ service }) => service.stats().topics.every(({ subscribers }) => subscribers > 0))
  );
  expect(behind.service.ownStatus()).toMatchObject({ fsm_state: "CATCHINGBLOCKS" });
  const block = { Hash: BLOCK_1.hash, Height: 1, Header: BLOCK_1.header };
  await expect(behind.service.publish("block", block))
    .rejects.toThrow("Cannot publish: the node is still catching up with the chain");
  const { subtree, bestblock } = goodMessages("");
  const { PeerID: _peer, ...ownSubtree } = subtree;
  await expect(behind.service.publish("subtree", ownSubtree)).rejects.toThrow("catching up");
  const { PeerID: _asker, ...question } = bestblock;
  await other.service.publish("bestblock", question);
  const blocked = () =>
    behind.metrics.value("commons_p2p_publish_blocked_total", { topic: "block", reason: "catching_up" });
  await eventually(() => blocked() === 2); // the announcement and the answer
  await behind.service.publish("node_status", {});
  await other.events.until("MessageReceived");
  stage = "running";
  expect(behind.service.ownStatus()).toMatchObject({ fsm_state: "RUNNING" });
  await behind.service.publish("block", block);
  await other.events.until("BlockAnnounced");
});
