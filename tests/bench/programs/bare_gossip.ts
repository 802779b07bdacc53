/** Plain js-libp2p gossipsub with the transport and the signing that the node uses: the baseline of `gossip_deliver`. */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { tcp } from "@libp2p/tcp";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

/** The node's own topic, so that messages are of one size on both sides. */
export const GOSSIP_TOPIC = "commons/bitcoin/1.0.0/regtest-block";

export interface BareHost {
  readonly peerId: string;
  readonly pubsub: GossipSub;
  addresses(): readonly string[];
  dial(address: Multiaddr): Promise<unknown>;
}

export async function startBareHost({ listen }: { readonly listen: string[] }): Promise<BareHost> {
  const host = await createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ globalSignaturePolicy: "StrictSign" }) },
  });
  return {
    peerId: host.peerId.toString(),
    pubsub: host.services.pubsub,
    addresses: () => host.getMultiaddrs().map(String),
    dial: (address) => host.dial(address),
  };
}
