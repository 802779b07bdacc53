import { expect } from "expect";
import { eventually, startNode } from "./_fixture.ts";
import type { Notification } from "./types.ts";

Deno.test("P2pService.publish() of many at once: every message arrives once, and in no other's place", async () => {
  await using a = await startNode();
  await using b = await startNode();
  await using c = await startNode();
  await a.service.addPeer(b.address);
  await c.service.addPeer(b.address);
  const subscribers = (node: typeof a) =>
    node.service.stats().topics.find(({ topic }) => topic === "subtree")?.meshPeers ?? 0;
  await eventually(() => subscribers(a) === 1 && subscribers(b) === 2 && subscribers(c) === 1);
  const heard: Notification[] = [];
  using _listener = c.service.onNotification((notification) => heard.push(notification));
  const hashes = Array.from({ length: 150 }, (_, number) => number.toString(16).padStart(64, "0"));
  const results = await Promise.all(
    hashes.map((Hash, i) => (i % 2 === 0 ? a : b).service.publish("subtree", { Hash })),
  );
  expect(results.every(({ recipients }) => recipients > 0)).toBe(true);
  const subtrees = () => heard.filter(({ type }) => type === "subtree");
  await eventually(() => subtrees().length >= hashes.length);
  expect(subtrees().map(({ hash }) => hash).toSorted()).toEqual(hashes.toSorted());
  const authors = new Map(subtrees().map(({ hash, peer_id }) => [hash, peer_id]));
  hashes.forEach((hash, i) => expect(authors.get(hash)).toBe((i % 2 === 0 ? a : b).identity.peerId));
});
