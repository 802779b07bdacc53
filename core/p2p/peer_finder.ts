import type { PeerInfo } from "@libp2p/interface";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { type Clock, type PeerIdText, type Random, tryPeerIdText } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { Discovery, type DiscoveryTiming } from "./discovery.ts";
import { candidateOf, type LearnRules } from "./discovery_candidate.ts";
import { dhtRouting, tableSize } from "./discovery_dht.ts";
import type { Candidate } from "./discovery_skip.ts";
import type { Host } from "./host.ts";
import { PeerCache } from "./peer_cache_book.ts";
import { PeerCacheFile } from "./peer_cache_file.ts";

/** Peers of the node's topics that it looks for; more may come by themselves. */
const WANTED_PEERS = 16;
/** Peers that a node without topics wants while its DHT knows nobody. */
const WANTED_TO_BEGIN = 4;
/** Weight of peers of the node's topics when the host has to choose which connections to close. */
const TOPIC_TAG = { "commons-topic": { value: 50 } };

export interface PeerFinderComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Connects to one of the addresses, with a deadline; rejects when it can't. */
  dial(addresses: readonly Multiaddr[], options: { readonly signal: AbortSignal }): Promise<void>;
  /** True for peers that something else keeps connected. */
  isKept(peerId: PeerIdText): boolean;
  isBanned(candidate: Candidate): boolean;
  /** Connected peers that share topics and behave. */
  goodPeers(): number;
}

export interface PeerFinderInit {
  readonly self: PeerIdText;
  /** Names on the wire; empty for a node that only serves the DHT. */
  readonly topics: readonly string[];
  readonly rules: LearnRules;
  readonly bootstrap: readonly Candidate[];
  readonly maxConnections: number;
  /** Where good peers are kept over restarts; absent means nowhere. */
  readonly cachePath?: string | undefined;
  readonly timing?: Partial<DiscoveryTiming> | undefined;
}

/** Finds peers for a host: by the DHT, by those of earlier runs, by multicast. */
export class PeerFinder {
  readonly #components: PeerFinderComponents;
  readonly #init: PeerFinderInit;
  readonly #topics: ReadonlySet<string>;
  /** Connected peers that were noted as being on the topics. */
  readonly #noted = new Set<string>();
  #host: Host | undefined;
  #starting: Promise<void> | undefined;
  #discovery: Discovery | undefined;
  #cache: PeerCache | undefined;

  constructor(components: PeerFinderComponents, init: PeerFinderInit) {
    this.#components = components;
    this.#init = init;
    this.#topics = new Set(init.topics);
    this.#exposeMetrics();
  }

  /** Begins to look for peers of a started host. */
  start(host: Host): void {
    this.#starting = this.#start(host);
  }

  /** To be called while the host is still open: the peers that are there are kept for the next start. */
  async stop(): Promise<void> {
    await this.#starting;
    await Promise.all([this.#cache?.stop(), this.#discovery?.stop()]);
  }

  async #start(host: Host): Promise<void> {
    const { clock, random, logger, isKept, isBanned } = this.#components;
    this.#host = host;
    const { dht } = host.services;
    const discovery = this.#discovery = new Discovery({
      clock,
      random,
      logger,
      routing: dht === undefined ? undefined : dhtRouting(dht, this.#init.rules),
      dial: (candidate, options) => this.#dial(candidate, options),
      isConnected: (peerId) => isConnected(host, peerId),
      isKept,
      isBanned,
      wanted: () => this.#wanted(),
      isAlone: () => isAlone(host),
      release: (peerId) => void (isKept(peerId) || hangUp(host, peerId)),
      known: () => this.#cache?.best() ?? [],
    }, this.#init);
    host.services.pubsub.addEventListener("subscription-change", ({ detail }) => {
      if (detail.subscriptions.some(({ topic, subscribe }) => subscribe && this.#topics.has(topic))) {
        this.#joined(detail.peerId);
      }
    });
    host.addEventListener("peer:identify", () => discovery.met());
    host.addEventListener("peer:disconnect", ({ detail }) => void this.#noted.delete(detail.toString()));
    discovery.start();
    const { cachePath } = this.#init;
    if (cachePath === undefined) return;
    this.#cache = new PeerCache({
      clock,
      file: new PeerCacheFile({ logger }, { path: cachePath }),
      present: () => this.#present(host),
    });
    discovery.offer(await this.#cache.start());
  }

  /** A peer that told of itself on the local network. */
  told(peer: PeerInfo): void {
    const candidate = candidateOf(peer, this.#init.rules);
    if (candidate !== undefined) this.#discovery?.offer([candidate]);
  }

  #wanted(): number {
    const { topics, maxConnections } = this.#init;
    const host = this.#host;
    if (host === undefined) return 0;
    if (topics.length > 0) {
      return Math.min(WANTED_PEERS, Math.ceil(maxConnections / 2)) - this.#components.goodPeers();
    }
    const { dht } = host.services;
    return dht !== undefined && tableSize(dht) === 0 ? WANTED_TO_BEGIN : 0;
  }

  async #dial(candidate: Candidate, options: { readonly signal: AbortSignal }): Promise<void> {
    const { peerId, addresses } = candidate;
    try {
      await this.#components.dial(
        addresses.map((address) => multiaddr(address).encapsulate(`/p2p/${peerId}`)),
        options,
      );
    } catch (error) {
      // while nobody can be reached, that one can't says nothing about it
      if (!options.signal.aborted && this.#host !== undefined && !isAlone(this.#host)) {
        this.#cache?.failed(peerId);
      }
      throw error;
    }
  }

  /** A connected peer is on one of the node's topics: worth a place, now and after a restart. */
  #joined(peer: PeerInfo["id"]): void {
    const peerId = tryPeerIdText(peer.toString());
    const host = this.#host;
    if (peerId === undefined || host === undefined || this.#noted.has(peerId)) return;
    const connections = host.getConnections(peer);
    if (connections.length === 0) return;
    this.#noted.add(peerId);
    const dialed = connections.filter(({ direction }) => direction === "outbound")
      .map(({ remoteAddr }) => plain(remoteAddr));
    if (dialed.length > 0) this.#cache?.connected(peerId, dialed);
    host.peerStore.merge(peer, { tags: TOPIC_TAG }).catch(() => {}); // gone again: nothing to weigh
  }

  /** Peers worth keeping with the addresses that they tell. */
  async #present(host: Host): Promise<Candidate[]> {
    const found: Candidate[] = [];
    for (const peer of host.getPeers()) {
      if (this.#topics.size > 0 && !this.#noted.has(peer.toString())) continue;
      const told = await host.peerStore.get(peer).catch(() => undefined); // gone in the meantime
      const multiaddrs = told?.addresses.map((address) => address.multiaddr) ?? [];
      const candidate = candidateOf({ id: peer, multiaddrs }, this.#init.rules);
      if (candidate !== undefined) found.push(candidate);
    }
    return found;
  }

  #exposeMetrics(): void {
    const { metrics } = this.#components;
    metrics.collect(
      { name: "commons_p2p_dht_peers", help: "Peers in the routing table of the DHT" },
      () => {
        const dht = this.#host?.services.dht;
        return [[dht === undefined ? 0 : tableSize(dht)]];
      },
    );
    metrics.collect(
      {
        name: "commons_p2p_found_peers_total",
        help: "Peers that the discovery looked at, by what became of them",
        labels: ["result"],
        kind: "counter",
      },
      () => {
        const { dialed = 0, failed = 0, skipped = {} } = this.#discovery?.counts() ?? {};
        const rows = Object.entries({ dialed, failed, ...skipped });
        return rows.map(([result, count]) => [count, { result }] as const);
      },
    );
  }
}

function hangUp(host: Host, peerId: PeerIdText): void {
  for (const connection of host.getConnections()) {
    if (connection.remotePeer.toString() !== peerId) continue;
    connection.close().catch((error) => connection.abort(error));
  }
}

function isAlone(host: Host): boolean {
  return host.getConnections().length === 0;
}

function isConnected(host: Host, peerId: PeerIdText): boolean {
  return host.getConnections().some(({ remotePeer }) => remotePeer.toString() === peerId);
}

/** An address without the peer's id. */
function plain(address: Multiaddr): string {
  const text = address.toString();
  const end = text.lastIndexOf("/p2p/");
  return end > 0 && !text.endsWith("/p2p-circuit") ? text.slice(0, end) : text;
}
