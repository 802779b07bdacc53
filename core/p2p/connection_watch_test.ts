import type { MultiaddrConnection, PeerId } from "@libp2p/interface";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { eventually, RecordingMetrics, startNode } from "./_fixture.ts";
import { ConnectionWatch } from "./connection_watch.ts";

const PEER = { toString: () => "peer" } as PeerId;

/** As much of a connection as the watch uses. */
function fakeConnection() {
  const target = new EventTarget();
  const sent: number[] = [];
  const connection = Object.assign(target, {
    send: (data: Uint8Array) => sent.push(data.byteLength) > 0,
  }) as unknown as MultiaddrConnection;
  return {
    connection,
    sent,
    close: () => target.dispatchEvent(new Event("close")),
    receive: (size: number) =>
      target.dispatchEvent(new MessageEvent("message", { data: new Uint8Array(size) })),
  };
}

function watchOn(sharedKey?: string) {
  const metrics = new RecordingMetrics();
  const clock = new FakeClock();
  const watch = new ConnectionWatch({ clock, metrics }, { sharedKey });
  return { watch, gater: watch.gater, metrics, clock };
}

Deno.test("ConnectionWatch() never denies and counts what became of handshakes", async () => {
  const { gater, metrics } = watchOn("ab".repeat(32));
  const [lost, late, good] = [fakeConnection(), fakeConnection(), fakeConnection()];
  for (const { connection } of [lost, late, good]) {
    expect(await gater.denyInboundConnection?.(connection)).toBe(false);
  }
  for (const { connection } of [late, good]) {
    expect(await gater.denyInboundEncryptedConnection?.(PEER, connection)).toBe(false);
  }
  expect(await gater.denyInboundUpgradedConnection?.(PEER, good.connection)).toBe(false);
  for (const { close } of [lost, late, good]) close();
  for (const [result, count] of [["opened", 1], ["handshake_failed", 1], ["refused_late", 1]] as const) {
    expect(metrics.value("commons_p2p_handshakes_total", { direction: "inbound", result })).toBe(count);
  }
  expect(metrics.value("commons_p2p_shared_key_failures_total")).toBe(1);
});

Deno.test("ConnectionWatch() keeps nothing of a connection that ended before it was asked", async () => {
  const { gater, watch } = watchOn();
  const { connection } = fakeConnection();
  Object.assign(connection, { status: "closed" });
  await gater.denyInboundUpgradedConnection?.(PEER, connection);
  expect(watch.trafficOf("peer").number).toBe(-1);
});

Deno.test("ConnectionWatch() counts bytes by peer until its last connection closes, and in all", async () => {
  const { gater, watch, metrics, clock } = watchOn();
  const [first, second] = [fakeConnection(), fakeConnection()];
  await gater.denyOutboundConnection?.(PEER, first.connection);
  await gater.denyOutboundUpgradedConnection?.(PEER, first.connection);
  await gater.denyInboundUpgradedConnection?.(PEER, second.connection);
  first.connection.send(new Uint8Array(10));
  expect(first.sent).toEqual([10]);
  await clock.advance(1_000);
  second.receive(7);
  expect(watch.trafficOf("peer")).toMatchObject({
    bytesSent: 10,
    bytesReceived: 7,
    lastSendAt: clock.now() - 1_000,
    lastReceivedAt: clock.now(),
  });
  first.close();
  expect(watch.trafficOf("peer").bytesSent).toBe(10);
  second.close();
  expect(watch.trafficOf("peer").bytesSent).toBe(0);
  expect(metrics.value("commons_p2p_connection_bytes_total", { direction: "sent" })).toBe(10);
  expect(metrics.value("commons_p2p_connection_bytes_total", { direction: "received" })).toBe(7);
});

Deno.test("peers() tell their traffic over real connections", async () => {
  await using a = await startNode();
  await using b = await startNode({ init: { staticPeers: [a.address] } });
  await eventually(() => {
    const [peer] = a.service.peers();
    return peer !== undefined && peer.bytesSent > 100 && peer.bytesReceived > 100;
  });
  const [peer] = a.service.peers();
  expect(peer?.kept).toBe(false);
  expect(Date.parse(peer?.lastSendAt ?? "")).toBeGreaterThan(0);
  expect(Date.parse(peer?.lastReceivedAt ?? "")).toBeGreaterThan(0);
  expect(b.service.peers()).toMatchObject([{ kept: true, id: 0 }]);
  expect(a.service.stats().bytesSent).toBeGreaterThan(100);
  expect(b.metrics.value("commons_p2p_handshakes_total", { direction: "outbound", result: "opened" })).toBe(
    1,
  );
  expect(b.metrics.value("commons_p2p_peer_scores", { band: "good" })).toBe(1);
});

Deno.test("another shared key is counted as a failed handshake on both sides", async () => {
  await using a = await startNode({ init: { sharedKey: "ab".repeat(32) } });
  await using b = await startNode({ init: { sharedKey: "cd".repeat(32) } });
  await expect(b.service.addPeer(a.address)).rejects.toMatchObject({ code: "DIAL_FAILED" });
  const failures = ({ metrics }: typeof a) => metrics.value("commons_p2p_shared_key_failures_total");
  await eventually(() => failures(a) > 0 && failures(b) > 0);
});
