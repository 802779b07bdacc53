import { type PeerRouting, peerRoutingSymbol } from "@libp2p/interface";
import type { KadDHT, KadDHTInit } from "@libp2p/kad-dht";
import type { CID } from "multiformats/cid";
import type { Clock } from "../base/mod.ts";
import type { Routing } from "./discovery.ts";
import { DhtAnswers } from "./discovery_answers.ts";
import { candidateOf, isUseful, type LearnRules } from "./discovery_candidate.ts";
import { rendezvousKey } from "./discovery_rendezvous.ts";
import type { Candidate } from "./discovery_skip.ts";
import { pacedRouting } from "./discovery_walk.ts";

/** Entry points of the public DHT, where it is chosen and none are configured. */
export const PUBLIC_BOOTSTRAP: readonly string[] = [
  "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
  "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa",
  "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb",
  "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt",
];

const PUBLIC_PROTOCOL = "/ipfs/kad/1.0.0";
const HOUR_MS = 3_600_000;
/** Announcements are made again each hour; one that was not is gone soon, well before the peer's addresses are. */
const PROVIDER_VALIDITY_MS = 4 * HOUR_MS;
const CLEANUP_MS = HOUR_MS / 4;

export interface DhtInit extends LearnRules {
  readonly mode: "private" | "standard";
  /** In front of `/kad/1.0.0`, as go-libp2p's protocol prefix; only in private mode. */
  readonly protocolPrefix: string;
  /** `auto`: answers others once the node has a public address. */
  readonly role: "server" | "client" | "auto";
  /** Addresses of peers that are neither asked nor told of; absent: none. */
  readonly isBanned?: ((peerId: string, address: string) => boolean) | undefined;
}

type DhtFactory = ReturnType<typeof import("@libp2p/kad-dht").kadDHT>;

/** Loads the DHT and makes its factory for the host. */
export async function dhtFactory(components: { readonly clock: Clock }, init: DhtInit): Promise<DhtFactory> {
  const { kadDHT } = await import("@libp2p/kad-dht");
  const make = kadDHT(dhtOptions(init));
  return (host) => {
    const dht = make(host);
    limitAnswers(dht, components);
    const routing: unknown = Reflect.get(dht, peerRoutingSymbol);
    if (isPeerRouting(routing)) {
      Object.defineProperty(dht, peerRoutingSymbol, { value: pacedRouting(routing, components.clock) });
    }
    return dht;
  };
}

/** See {@linkcode DhtAnswers}; ends with the DHT. */
function limitAnswers(dht: ReturnType<DhtFactory>, components: { readonly clock: Clock }): void {
  const answers = new DhtAnswers(components);
  if (!answers.watch(dht) || !("stop" in dht) || typeof dht.stop !== "function") return;
  const stop = dht.stop.bind(dht);
  dht.stop = () => {
    answers.stop();
    return stop();
  };
}

function isPeerRouting(value: unknown): value is PeerRouting {
  return typeof value === "object" && value !== null && "findPeer" in value && "getClosestPeers" in value;
}

/** Options of the DHT; numbers that are not here are the library's and the specification's. */
export function dhtOptions(init: DhtInit): KadDHTInit {
  const isPrivate = init.mode === "private";
  const isBanned = init.isBanned ?? (() => false);
  return {
    protocol: isPrivate ? `${init.protocolPrefix}/kad/1.0.0` : PUBLIC_PROTOCOL,
    ...(init.role === "auto" ? {} : { clientMode: init.role === "client" }),
    // for what is kept and for what is told: addresses that strangers told never make this node dial its own network
    peerInfoMapper: ({ id, multiaddrs }) => ({
      id,
      multiaddrs: multiaddrs.filter((address) =>
        isUseful(address, init) && !isBanned(id.toString(), address.toString())
      ),
    }),
    // Only announcements are used. Values would be somebody's free storage.
    ...(isPrivate ? { validators: { pk: refuse, ipns: refuse } } : {}),
    reprovide: { validity: PROVIDER_VALIDITY_MS, interval: CLEANUP_MS, threshold: 0 },
    maxInboundStreams: 32,
    maxOutboundStreams: 32,
    incomingMessageTimeout: 10_000,
    routingTableUpdateMaxQueueSize: 1_000,
  };
}

function refuse(): never {
  throw new Error("this DHT keeps no values");
}

/** The DHT as the discovery asks it. */
export function dhtRouting(dht: KadDHT, rules: LearnRules): Routing {
  const keys = new Map<string, Promise<CID>>();
  const keyOf = (topic: string) => {
    let key = keys.get(topic);
    if (key === undefined) keys.set(topic, key = rendezvousKey(topic));
    return key;
  };
  return {
    size: () => tableSize(dht),
    async advertise(topic, { signal }) {
      let noted = 0;
      for await (const event of dht.provide(await keyOf(topic), { signal })) {
        if (event.name === "PEER_RESPONSE" && event.messageName === "ADD_PROVIDER") noted++;
      }
      return noted;
    },
    async *find(topic, { signal }) {
      for await (const event of dht.findProviders(await keyOf(topic), { signal })) {
        if (event.name !== "PROVIDER") continue;
        yield* event.providers.map((peer) => candidateOf(peer, rules)).filter(isCandidate);
      }
    },
  };
}

function isCandidate(candidate: Candidate | undefined): candidate is Candidate {
  return candidate !== undefined;
}

/** Peers in the routing table. The published type has no such field, so a later version may have it elsewhere. */
export function tableSize(dht: KadDHT): number {
  const table: unknown = "routingTable" in dht ? dht.routingTable : undefined;
  const size: unknown = typeof table === "object" && table !== null && "size" in table ? table.size : 0;
  return typeof size === "number" ? size : 0;
}
