import type { Connection } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "expect";
import { RecordingEvents, testIdentity } from "./_fixture.ts";
import { PeerTable } from "./peer_table.ts";

Deno.test("PeerTable remembers for a while where a peer was that has gone, so that what it did counts there", async () => {
  const table = new PeerTable(new RecordingEvents());
  const { peerId } = await testIdentity();
  const remotePeer = peerIdFromString(peerId);
  const remoteAddr = multiaddr("/ip4/9.8.7.6/tcp/1");
  expect([table.addressOf(peerId), table.lastAddressOf(peerId)]).toEqual(["", ""]);
  table.opened({ remotePeer, remoteAddr } as unknown as Connection); // only what is looked at
  expect([table.addressOf(peerId), table.lastAddressOf(peerId)])
    .toEqual(["/ip4/9.8.7.6/tcp/1", "/ip4/9.8.7.6/tcp/1"]);
  table.disconnected(remotePeer);
  expect([table.has(peerId), table.addressOf(peerId), table.lastAddressOf(peerId)])
    .toEqual([false, "", "/ip4/9.8.7.6/tcp/1"]);
});
