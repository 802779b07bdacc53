import {
  type BitcoinNetwork,
  type Clock,
  CommonsError,
  errorText,
  jitter,
  type Random,
  type Timer,
} from "../../base/mod.ts";
import { type WireMessage, wireNetwork } from "../../bitcoin/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { addressGroup, type AddressPool } from "./address_pool.ts";
import { dnsSeeds, type Resolve } from "./dns_seeds.ts";
import { type DropReason, isMisbehaviour } from "./drop_reason.ts";
import { type Connect, type Duplex, endpointText, type PeerEndpoint } from "./duplex.ts";
import { Peer, type PeerHooks } from "./peer.ts";
import { PeerSlot } from "./peer_slot.ts";
import type { BitcoinPeerView } from "./peer_types.ts";
import type { Traffic } from "./traffic.ts";

const CONNECT_MS = 10_000;
/** Connections to nodes that were found, those of the configuration included. */
const FOUND_PEERS = 8;
/** How often is looked whether there are enough. */
const FILL_MS = 15_000;
/** How often DNS seeds are asked while the pool is empty. */
const SEEDS_MS = 10 * 60_000;
const SEEDS_DEADLINE_MS = 20_000;

export interface OutboundComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly traffic: Traffic;
  readonly pool: AddressPool;
  readonly connect: Connect;
  readonly resolve: Resolve;
  /** Height of this node's chain. */
  readonly height: () => number;
  readonly ready: PeerHooks["ready"];
  readonly message: (peer: Peer, message: WireMessage) => void;
  readonly expectsBlock: PeerHooks["expectsBlock"];
  /** A connection ended or did not come about; `slot.peer` is still there. */
  readonly ended: (
    slot: PeerSlot,
    end: { readonly reason: DropReason; readonly detail: string | undefined },
  ) => void;
}

export interface OutboundInit {
  readonly network: BitcoinNetwork;
  readonly magic: Uint8Array;
  readonly configured: readonly PeerEndpoint[];
  readonly dnsSeeds: boolean;
  readonly userAgent: string;
}

/** Opens connections and opens them again: to the nodes of the configuration always, to found ones as long as they last. */
export class Outbound {
  readonly #components: OutboundComponents;
  readonly #init: OutboundInit;
  readonly #abort = new AbortController();
  readonly #slots = new Set<PeerSlot>();
  readonly #ownNonces = new Set<bigint>();
  /** What has to be over when `stop` is. */
  readonly #running = new Set<Promise<unknown>>();
  #fillTimer: Timer | undefined;
  #seedsAsked = -Infinity;

  constructor(components: OutboundComponents, init: OutboundInit) {
    this.#components = components;
    this.#init = init;
    const seen = new Map(init.configured.map((endpoint) => [endpointText(endpoint), endpoint]));
    for (const endpoint of seen.values()) {
      this.#slots.add(new PeerSlot(components, { endpoint, origin: "config" }));
    }
  }

  start(): void {
    for (const slot of this.#slots) this.#dial(slot);
    if (this.#init.dnsSeeds) this.#fill();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot connect: the node is stopping"));
    this.#fillTimer?.[Symbol.dispose]();
    for (const slot of this.#slots) {
      slot.stop();
      slot.peer?.drop("stopped");
    }
    await Promise.all(this.#running);
  }

  views(isSyncing: (peer: Peer) => boolean): BitcoinPeerView[] {
    return [...this.#slots].map((slot) => slot.view(isSyncing));
  }

  /** How many connections are in which state. */
  states(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>([["waiting", 0], ["connecting", 0], ["handshake", 0], [
      "ready",
      0,
    ]]);
    for (const { state } of this.#slots) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  #run(work: Promise<unknown>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #dial(slot: PeerSlot): void {
    slot.connecting();
    this.#run(this.#connect(slot));
  }

  async #connect(slot: PeerSlot): Promise<void> {
    const { clock, connect } = this.#components;
    const deadline = new AbortController();
    const signal = AbortSignal.any([this.#abort.signal, deadline.signal]);
    let duplex: Duplex;
    try {
      using _timer = clock.after(
        CONNECT_MS,
        () => deadline.abort(new CommonsError("TIMEOUT", "Cannot connect: no answer in time")),
      );
      duplex = await connect(slot.endpoint, { signal });
    } catch (error) {
      const reason = this.#abort.signal.aborted ? "stopped" : "unreachable";
      return this.#ended(slot, { reason, detail: errorText(error) });
    }
    if (signal.aborted) { // came too late
      duplex.close();
      return this.#ended(slot, {
        reason: this.#abort.signal.aborted ? "stopped" : "unreachable",
        detail: undefined,
      });
    }
    const peer = this.#peerOf(slot, duplex);
    slot.connected(peer);
    peer.start();
    this.#run(peer.ended());
  }

  #peerOf(slot: PeerSlot, duplex: Duplex): Peer {
    const { clock, random, traffic, height, message, expectsBlock } = this.#components;
    return new Peer({ clock, random, traffic }, {
      endpoint: slot.endpoint,
      origin: slot.origin,
      duplex,
      magic: this.#init.magic,
      userAgent: this.#init.userAgent,
      height: height(),
      ownNonces: this.#ownNonces,
      wantsAddresses: this.#init.dnsSeeds,
      hooks: {
        ready: (peer) => {
          this.#components.pool.tried(slot.endpoint, "worked");
          this.#components.ready(peer);
        },
        message,
        expectsBlock,
        closed: (_peer, end) => this.#ended(slot, end),
      },
    });
  }

  #ended(slot: PeerSlot, end: { readonly reason: DropReason; readonly detail: string | undefined }): void {
    const { reason } = end;
    this.#components.ended(slot, end);
    slot.ended(reason);
    if (this.#abort.signal.aborted) return;
    if (slot.origin === "config") return slot.later(reason, () => this.#dial(slot));
    this.#slots.delete(slot);
    this.#components.pool.tried(slot.endpoint, isMisbehaviour(reason) ? "misbehaved" : "failed");
  }

  /** Opens connections to found nodes until there are enough; looks again and again. */
  #fill(): void {
    const { clock, random, pool } = this.#components;
    const groups = new Set([...this.#slots].map(({ endpoint }) => addressGroup(endpoint.host)));
    while (this.#slots.size < FOUND_PEERS) {
      const endpoint = pool.pick(({ host }) => !groups.has(addressGroup(host)));
      if (endpoint === undefined) break;
      groups.add(addressGroup(endpoint.host));
      const slot = new PeerSlot(this.#components, { endpoint, origin: "found" });
      this.#slots.add(slot);
      this.#dial(slot);
    }
    const poor = this.#slots.size < FOUND_PEERS && dnsSeeds(this.#init.network).length > 0;
    if (poor && clock.monotonic() - this.#seedsAsked >= SEEDS_MS) this.#run(this.#askSeeds());
    this.#fillTimer = clock.after(jitter(random, FILL_MS, 0.2), () => this.#fill());
  }

  async #askSeeds(): Promise<void> {
    const { clock, pool, resolve, logger } = this.#components;
    const { network } = this.#init;
    this.#seedsAsked = clock.monotonic();
    const deadline = new AbortController();
    using _timer = clock.after(SEEDS_DEADLINE_MS, () => deadline.abort());
    const signal = AbortSignal.any([this.#abort.signal, deadline.signal]);
    const names = dnsSeeds(network);
    const answers = await Promise.allSettled(names.map((name) => resolve(name, { signal })));
    const port = wireNetwork(network).defaultPort;
    const hosts = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
    const taken = hosts.filter((host) => pool.add({ host, port })).length;
    logger.info("DNS seeds were asked for Bitcoin nodes", { seeds: names.length, found: taken });
    if (this.#abort.signal.aborted) return;
    this.#fillTimer?.[Symbol.dispose]();
    this.#fill();
  }
}
