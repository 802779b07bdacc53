import { RPC } from "@libp2p/gossipsub/message";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect } from "expect";
import { concatBytes } from "../base/mod.ts";
import { startBarePeer } from "./_bare_peer.ts";
import { BLOCK_1, eventually, startNode, testIdentity } from "./_fixture.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";

Deno.test("gossip checks the signature before it remembers a message id", async (t) => {
  await using node = await startNode({ init: { network: "mainnet" } });
  await using peer = await startBarePeer(TOPIC);
  const victim = await testIdentity();
  const message = {
    from: peerIdFromPrivateKey(victim.privateKey).toMultihash().bytes,
    seqno: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 7]),
    topic: TOPIC,
    data: new TextEncoder().encode(JSON.stringify({
      PeerID: victim.peerId,
      ClientName: "victim",
      DataHubURL: "",
      Hash: BLOCK_1.hash,
      Height: 1,
      Header: BLOCK_1.header,
    })),
  };
  const prefix = new TextEncoder().encode("libp2p-pubsub:");
  const signature = await victim.privateKey.sign(
    Uint8Array.from([...prefix, ...RPC.Message.encode(message)]),
  );
  const bad = [new Uint8Array(64), new Uint8Array(3), undefined];
  /** One message for each signature, in this order over one stream. */
  const send = (signatures: readonly (Uint8Array | undefined)[]) => {
    const frames = signatures.map((signature) =>
      framed(
        RPC.encode({ subscriptions: [], messages: [{ ...message, ...(signature && { signature }) }] }),
      )
    );
    return peer.write(node.address, { protocol: "/meshsub/1.1.0", bytes: concatBytes(frames) });
  };

  await t.step("forged, garbled and unsigned copies leave the id free for the message itself", async () => {
    await send([...bad, signature]);
    await node.events.until("BlockAnnounced");
    expect(node.service.stats().topics[0]).toMatchObject({ accepted: 1, ignored: 0, rejected: 0 });
  });
  await t.step("after which neither it nor its copies reach the validator", async () => {
    await send([signature, ...bad]);
    await peer.dial(node.address);
    await peer.publish(TOPIC, "last");
    await eventually(() => node.service.stats().topics[0]?.rejected === 1);
    expect(node.service.stats().topics[0]).toMatchObject({ accepted: 1, ignored: 0 });
  });
});

/** A message behind its length as an unsigned varint. */
function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = bytes.length;; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...length, rest, ...bytes]);
    length.push(rest & 0x7f | 0x80);
  }
}
