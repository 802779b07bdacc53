import { type BitcoinNetwork, type Clock, errorText, type HashHex, type Random } from "../../base/mod.ts";
import { wireNetwork } from "../../bitcoin/mod.ts";
import type { Logger, Metrics } from "../../telemetry/mod.ts";
import type { Abortable, BlockSource, SourceDesk } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";
import { AddressPool } from "./address_pool.ts";
import { BlockFetcher } from "./block_fetcher.ts";
import { type Resolve, systemResolve } from "./dns_seeds.ts";
import { type DropReason, isMisbehaviour } from "./drop_reason.ts";
import { type Connect, endpointText, parseEndpoint, tcpConnect } from "./duplex.ts";
import { HeaderSync } from "./header_sync.ts";
import { Outbound } from "./outbound.ts";
import type { Peer } from "./peer.ts";
import { PeerDesk } from "./peer_desk.ts";
import type { PeerSlot } from "./peer_slot.ts";
import type { BitcoinPeerView } from "./peer_types.ts";
import { Traffic } from "./traffic.ts";

export interface BitcoinPeersComponents {
  readonly chain: HeaderChain;
  readonly desk: SourceDesk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** How connections are opened; default TCP. */
  readonly connect?: Connect | undefined;
  /** How names of DNS seeds are resolved; default the system's way. */
  readonly resolve?: Resolve | undefined;
}

export interface BitcoinPeersInit {
  readonly network: BitcoinNetwork;
  /** Nodes to stay connected to, each `host:port`. */
  readonly peers: readonly string[];
  /** Whether more nodes are found by DNS seeds and by what nodes tell. */
  readonly dnsSeeds: boolean;
  /** This node's version, told to others. */
  readonly version: string;
}

/** Bitcoin's own network as a source: headers of all peers go into the chain, blocks can be asked for. */
export interface BitcoinPeers extends BlockSource {
  /** Begins to connect. */
  start(): void;
  /** Ends all connections; resolves when nothing is under way any more. Idempotent. */
  stop(): Promise<void>;
  /** All nodes that are connected or tried. */
  peers(): readonly BitcoinPeerView[];
}

/**
 * Connects to Bitcoin nodes (protocol 70016 over TCP, never listening), keeps the chain up to date with theirs and
 * fetches blocks. Everything that they send is judged by the chain; a node that breaks a rule is left alone for 10
 * minutes, and for twice as long each time, up to a day. Permission: `net`.
 */
export function createBitcoinPeers(components: BitcoinPeersComponents, init: BitcoinPeersInit): BitcoinPeers {
  return new Peers(components, init);
}

class Peers implements BitcoinPeers {
  readonly name = "bitcoin-p2p";
  readonly #logger: Logger;
  readonly #components: BitcoinPeersComponents;
  readonly #traffic = new Traffic();
  readonly #sync: HeaderSync;
  readonly #blocks: BlockFetcher;
  readonly #pool: AddressPool;
  readonly #outbound: Outbound;

  constructor(components: BitcoinPeersComponents, init: BitcoinPeersInit) {
    const { chain, desk, clock, random, logger, metrics } = components;
    this.#components = components;
    this.#logger = logger;
    this.#sync = new HeaderSync({ chain, desk, clock, logger, traffic: this.#traffic });
    this.#blocks = new BlockFetcher({ chain, clock });
    this.#pool = new AddressPool({ clock, random });
    const peerDesk = new PeerDesk({ chain, clock, sync: this.#sync, blocks: this.#blocks, pool: this.#pool });
    this.#outbound = new Outbound({
      clock,
      random,
      logger,
      traffic: this.#traffic,
      pool: this.#pool,
      connect: components.connect ?? tcpConnect,
      resolve: components.resolve ?? systemResolve,
      height: () => chain.tip().height,
      ready: (peer) => this.#ready(peer),
      message: (peer, message) => peerDesk.take(peer, message),
      expectsBlock: (peer) => this.#blocks.expects(peer),
      ended: (slot, end) => this.#ended(slot, end),
    }, {
      network: init.network,
      magic: wireNetwork(init.network).magic,
      configured: init.peers.map(parseEndpoint),
      dnsSeeds: init.dnsSeeds,
      userAgent: `/commons-node:${init.version}/`,
    });
    if (metrics !== undefined) this.#traffic.expose(metrics, () => this.#outbound.states());
  }

  start(): void {
    this.#sync.start();
    this.#outbound.start();
  }

  async stop(): Promise<void> {
    this.#blocks.stop();
    await this.#outbound.stop();
    await this.#sync.stop();
  }

  peers(): readonly BitcoinPeerView[] {
    return this.#outbound.views((peer) => this.#sync.isSyncing(peer));
  }

  available(): boolean {
    return this.#blocks.available();
  }

  async block(hash: HashHex, options: Abortable = {}): Promise<Uint8Array | undefined> {
    return await this.#blocks.block(hash, options);
  }

  disown(hash: HashHex, code: string): boolean {
    return this.#blocks.disown(hash, code);
  }

  #ready(peer: Peer): void {
    const { userAgent, claimedHeight } = peer.view(false);
    const address = endpointText(peer.endpoint);
    this.#logger.info("Bitcoin node connected", { peer: address, agent: userAgent, height: claimedHeight });
    this.#sync.add(peer);
    this.#blocks.add(peer);
  }

  #ended(slot: PeerSlot, end: { readonly reason: DropReason; readonly detail: string | undefined }): void {
    const { peer } = slot;
    const { reason } = end;
    const fields = {
      peer: endpointText(slot.endpoint),
      reason,
      ...(end.detail !== undefined && { detail: errorText(end.detail).slice(0, 300) }),
    };
    this.#traffic.disconnect(reason);
    if (peer?.ready === true) {
      this.#sync.remove(peer);
      this.#blocks.remove(peer);
      this.#components.desk.forget(peer.source);
    }
    if (reason === "stopped") return;
    if (reason === "internal") {
      this.#logger.error("a Bitcoin node was dropped by a fault of this node", fields);
    } else if (isMisbehaviour(reason)) this.#logger.warn("a Bitcoin node was dropped", fields);
    else if (peer?.ready === true) this.#logger.info("Bitcoin node disconnected", fields);
    else if (slot.origin === "found" || slot.failures > 0) {
      this.#logger.debug("a Bitcoin node cannot be reached", fields);
    } else this.#logger.warn("a Bitcoin node cannot be reached", fields); // once per outage
  }
}
