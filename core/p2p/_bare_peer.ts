import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { eventually } from "./_fixture.ts";
import { sendingEndOf } from "./connection_internals.ts";
import { stopGossip } from "./gossip_internals.ts";

/** A libp2p node with plain gossipsub, as somebody else would build it: it publishes whatever it is told to. */
export interface BarePeer extends AsyncDisposable {
  readonly peerId: string;
  /** Where it listens, with its peer id; "" when it does not. */
  readonly address: string;
  readonly pubsub: GossipSub;
  dial(address: string): Promise<void>;
  publish(topic: string, message: unknown): Promise<void>;
  /** Writes bytes to a new stream of `protocol`, and ends it when that is asked for. */
  write(
    address: string,
    options: { readonly protocol: string; readonly bytes: Uint8Array; readonly close?: boolean },
  ): Promise<void>;
  /**
   * Opens a stream of `protocol`; what is written to it by the answer goes out whether the other side has given leave for
   * so much or not.
   */
  pour(address: string, protocol: string): Promise<(bytes: Uint8Array) => void>;
  hangUp(address: string): Promise<void>;
}

export async function startBarePeer(
  topic: string,
  { listen = [] }: { readonly listen?: string[] } = {},
): Promise<BarePeer> {
  const host = await createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  });
  const { pubsub } = host.services;
  pubsub.subscribe(topic);
  return {
    peerId: host.peerId.toString(),
    address: host.getMultiaddrs()[0]?.toString() ?? "",
    pubsub,
    async dial(address) {
      await host.dial(multiaddr(address));
      await eventually(() => pubsub.getSubscribers(topic).length > 0);
    },
    async publish(path, message) {
      const bytes = message instanceof Uint8Array
        ? message
        : new TextEncoder().encode(JSON.stringify(message));
      await pubsub.publish(path, bytes);
    },
    async write(address, { protocol, bytes, close = false }) {
      const stream = await host.dialProtocol(multiaddr(address), protocol);
      if (bytes.length > 0) stream.send(bytes);
      if (close) await stream.close();
    },
    async pour(address, protocol) {
      const connection = await host.dial(multiaddr(address));
      const stream = await connection.newStream(protocol);
      const end = sendingEndOf(connection);
      if (end === undefined || !("send" in end) || typeof end.send !== "function") {
        throw new Error("Cannot write past the streams: this version of the library has another inside");
      }
      const send = end.send.bind(end);
      return (bytes) => {
        send(dataFrame(Number(stream.id), bytes.length));
        send(bytes);
      };
    },
    async hangUp(address) {
      await host.hangUp(multiaddr(address));
    },
    async [Symbol.asyncDispose]() {
      await stopGossip(pubsub);
      await host.stop();
    },
  };
}

/** Head of a Yamux frame with data of a stream (specification: version, type 0, flags, stream, length). */
function dataFrame(stream: number, length: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return bytes;
}
