import type { Connection } from "@libp2p/interface";
import { CommonsError, type ErrorCode, type PeerIdText, tryPeerIdText } from "../base/mod.ts";
import { parsePeerAddress } from "./addresses.ts";
import { assertInit } from "./assert_init.ts";
import { AuthorGate } from "./author_gate.ts";
import { closeHost } from "./close_host.ts";
import { allGaters } from "./connection_gater.ts";
import { BanWatch } from "./ban_watch.ts";
import { watchConduct } from "./conduct.ts";
import { ConnectionWatch } from "./connection_watch.ts";
import { Dialer } from "./dialer.ts";
import { extraScore } from "./extra_score.ts";
import { scoreOf, unhear } from "./gossip_internals.ts";
import { GossipLinks } from "./gossip_links.ts";
import { GossipRouter } from "./gossip_router.ts";
import { gossipInside, steadyGossip } from "./gossip_streams.ts";
import { createHost, type Host } from "./host.ts";
import { libp2pLogger } from "./libp2p_logger.ts";
import { Listening, startFault } from "./listen.ts";
import { NotificationListeners } from "./listeners.ts";
import { Messaging } from "./messaging.ts";
import { offenceOf } from "./offences.ts";
import { checkScope, hubWarning, ownFields } from "./own_fields.ts";
import { ownStatus } from "./own_status.ts";
import { PeerFinder } from "./peer_finder.ts";
import { PeerTable } from "./peer_table.ts";
import { peerView } from "./peer_view.ts";
import { bootstrapPeers, hostReachability, keptPeers, learnRules } from "./reachability_setup.ts";
import { PublishGate } from "./publish_gate.ts";
import { exposeService } from "./service_metrics.ts";
import { RequestStreams } from "./request_streams.ts";
import { announceServices } from "./services.ts";
import { StaticPeers } from "./static_peers.ts";
import type {
  AnnouncerView,
  ClaimView,
  GossipStats,
  Notification,
  P2pComponents,
  P2pInit,
  P2pService,
  PeerView,
  PublishResult,
} from "./types.ts";

/**
 * Builds the P2P service: libp2p over TCP and WebSockets with gossip on the node's topics, connections to static
 * peers, notifications. Nothing is opened before `start`.
 *
 * @throws {CommonsError} `INVALID_MULTIADDR`, `INVALID_TOPIC_PREFIX`, `INVALID_NAME`, `INVALID_HEX` (shared key),
 * `TOO_MANY_PEERS`
 */
export function createP2pService(components: P2pComponents, init: P2pInit): P2pService {
  return new Service(components, init);
}

class Service implements P2pService {
  readonly #components: P2pComponents;
  readonly #init: P2pInit;
  readonly #listeners: NotificationListeners;
  readonly #peers: PeerTable;
  readonly #router: GossipRouter;
  readonly #messaging: Messaging;
  readonly #static: StaticPeers;
  readonly #dialer: Dialer;
  readonly #finder: PeerFinder;
  readonly #watch: ConnectionWatch;
  readonly requests: RequestStreams;
  readonly keptAddresses = () => this.#static.addresses();
  readonly #abort = new AbortController();
  /** Where others fetch blocks from this node, as it tells them. */
  readonly #dataHubUrl: string;
  #started: { readonly wall: number; readonly monotonic: number };
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #host: Host | undefined;
  #listening: Listening | undefined;
  /** Look at connections while the host lives. */
  readonly #watches = new DisposableStack();

  constructor(components: P2pComponents, init: P2pInit) {
    const { identity, clock, random, logger, metrics, events } = components;
    assertInit(init, identity.peerId);
    this.#components = components;
    this.#init = init;
    this.#started = { wall: clock.now(), monotonic: clock.monotonic() };
    this.#listeners = new NotificationListeners(logger);
    this.#peers = new PeerTable(events);
    const isBanned = (peerId: string) => components.bans?.isBannedPeer(peerId) === true;
    this.requests = new RequestStreams({ ...components, isBanned });
    const scope = checkScope(init, clock);
    const own = ownFields(init, { peerId: identity.peerId, scope, status: () => this.ownStatus() });
    this.#dataHubUrl = own.dataHubUrl;
    const warning = hubWarning(init, own.dataHubUrl);
    if (warning !== undefined) logger.warn(warning, { url: init.dataHubUrl });
    const isStatic = (peerId: string) => this.#static.has(peerId);
    const router = this.#router = new GossipRouter(
      {
        logger,
        events,
        listeners: this.#listeners,
        addressOf: (peerId) => this.#peers.addressOf(peerId),
        authors: new AuthorGate({ ...components, isBanned, isStatic }, { self: identity.peerId, ...init }),
        gate: new PublishGate({ metrics }, init),
        blame: (peerId, code) => this.#blame(peerId, code),
        unhear: (id) => isStatic(id) || this.#host && unhear(this.#host.services.pubsub, id),
        heard: (delivery, heard) => this.#messaging.heard(delivery, heard),
      },
      { ...init, own, scope },
    );
    this.#messaging = new Messaging(
      { ...components, router, own, isBanned, isConnected: (peerId) => this.#peers.has(peerId) },
      { protocol: init.topicPrefix },
    );
    this.#static = new StaticPeers({
      clock,
      random,
      logger,
      dial: ({ addresses }, options) => this.#dialer.dial(addresses, options),
      isConnected: (peerId) => this.#peers.has(peerId),
    });
    this.#dialer = new Dialer({ ...components, isStatic });
    this.#finder = this.#createFinder();
    this.#keepConfigured();
    const counters = router.desks.map((desk) => desk.counters);
    this.#watch = new ConnectionWatch(components, init);
    exposeService(metrics, { counters, peers: () => this.peers(), stats: () => this.stats() });
  }

  async start(): Promise<void> {
    if (this.#starting !== undefined || this.#stopping !== undefined) {
      throw new CommonsError("UNAVAILABLE", "Cannot start the P2P service: it was started before");
    }
    this.#starting = this.#open();
    await this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  listening(): readonly string[] {
    const peerId = this.#components.identity.peerId;
    return (this.#listening?.addresses() ?? []).map((address) => `${address}/p2p/${peerId}`);
  }

  peers(): readonly PeerView[] {
    const topics = this.#router.topicsByPeer();
    const views = new Map<string, PeerView>();
    for (const connection of this.#host?.getConnections() ?? []) {
      const peerId = connection.remotePeer.toString();
      if (!views.has(peerId)) views.set(peerId, this.#viewOf(connection, topics.get(peerId) ?? []));
    }
    return [...views.values()];
  }

  async addPeer(text: string, options: { readonly signal?: AbortSignal } = {}): Promise<PeerIdText> {
    const peer = parsePeerAddress(text);
    if (peer.peerId === this.#components.identity.peerId) {
      throw new CommonsError("INVALID_MULTIADDR", "Cannot add the peer: it is this node itself");
    }
    this.#static.assertRoom(peer.peerId);
    const signals = [this.#abort.signal, ...(options.signal === undefined ? [] : [options.signal])];
    await this.#dialer.dialChosen(peer, { signal: AbortSignal.any(signals) });
    this.#static.add(peer);
    return peer.peerId;
  }

  async removePeer(text: string): Promise<boolean> {
    const peerId = tryPeerIdText(text);
    if (peerId === undefined) return false;
    const kept = this.#static.remove(peerId);
    const host = this.#host;
    const connection = host?.getConnections().find(({ remotePeer }) => remotePeer.toString() === peerId);
    if (host === undefined || connection === undefined) return kept;
    await host.hangUp(connection.remotePeer, { signal: this.#abort.signal });
    return true;
  }

  publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult> {
    return this.#messaging.publish(topic, message);
  }

  stats(): GossipStats {
    const { sent, received } = this.#watch.total;
    return { bytesSent: sent, bytesReceived: received, topics: this.#router.topicStats() };
  }

  announcersOf(topic: "block" | "subtree", hash: string): readonly AnnouncerView[] {
    return this.#router.announcersOf(topic, hash);
  }

  claimOf(peerId: string): ClaimView | undefined {
    return this.#messaging.claimOf(peerId);
  }

  ownStatus(): Notification {
    const { identity: { peerId }, clock } = this.#components;
    const facts = { peerId, connectedPeers: this.#peers.size, dataHubUrl: this.#dataHubUrl, clock };
    return ownStatus({ ...this.#init, ...facts, started: this.#started });
  }

  onNotification(listener: (notification: Notification) => void): Disposable {
    return this.#listeners.add(listener);
  }

  async #open(): Promise<void> {
    const { identity, clock, logger } = this.#components;
    this.#started = { wall: clock.now(), monotonic: clock.monotonic() };
    const { gater, ...reachability } = hostReachability(this.#components, this.#init, {
      listening: () => this.listening(),
      isChosen: (peerId) => this.#static.has(peerId) || this.#dialer.isChosen(peerId),
      onLocalPeer: (peer) => this.#finder.told(peer),
    });
    const connectionGater = allGaters([gater, this.#watch.gater]);
    const scoring = { ...this.#components, isStatic: (peerId: string) => this.#static.has(peerId) };
    const parts = { identity, clock, logger: libp2pLogger(logger), misbehaved: this.#misbehaved };
    const host = await createHost({ ...parts, connectionGater }, {
      ...this.#init,
      ...reachability,
      topics: this.#topics(),
      extraScore: (peerId) => extraScore(peerId, scoring),
    });
    this.#host = host;
    this.#dialer.attach(host);
    this.#listening = new Listening(host);
    this.#follow(host);
    await announceServices(host, this.#init.services);
    if (this.#init.bootstrapOnly !== true) {
      await Promise.all([this.#messaging.attach(host), this.requests.attach(host)]);
    }
    try {
      await host.start();
    } catch (error) {
      await this.#closeHost(host);
      throw startFault(error);
    }
    steadyGossip(host.services.pubsub);
    if (this.#init.bootstrapOnly !== true) {
      this.#router.attach(host.services.pubsub);
      this.#messaging.start();
    }
    this.#static.start();
    this.#finder.start(host);
  }

  async #close(): Promise<void> {
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot finish: the P2P service is stopping"));
    this.#static.stop();
    await this.#starting?.catch(() => {}); // told to whoever called start
    this.#static.stop(); // the start may just have begun to keep them
    this.#messaging.stop();
    this.requests.stop();
    this.#router.detach();
    this.#watches.dispose();
    if (this.#host !== undefined) await this.#closeHost(this.#host);
  }

  #closeHost(host: Host): Promise<void> {
    return closeHost(host, { ...this.#components, users: this.#finder });
  }

  /** Hears what the host says about its peers. */
  #follow(host: Host): void {
    const { bans, clock, logger } = this.#components;
    const connections = () => host.getConnections();
    const banWatch = this.#watches.use(bans && new BanWatch({ bans, clock, logger, connections }));
    const sentTo = (peerId: string) => this.#watch.trafficOf(peerId).bytesSent;
    this.#watches.use(watchConduct({ ...this.#components, host, sentTo, misbehaved: this.#misbehaved }));
    this.#watches.use(new GossipLinks({ clock, logger, host, inside: gossipInside(host.services.pubsub) }));
    host.addEventListener("connection:open", ({ detail }) => {
      this.#peers.opened(detail);
      banWatch?.opened(detail);
    });
    host.addEventListener("peer:identify", ({ detail }) => {
      this.#peers.identified(detail);
      this.#messaging.identified(detail.peerId.toString(), detail.protocols);
    });
    host.addEventListener("peer:disconnect", ({ detail }) => {
      this.#peers.disconnected(detail);
      this.#messaging.disconnected(detail.toString());
      this.#static.lost(detail.toString());
    });
  }

  #createFinder(): PeerFinder {
    const { identity, bans } = this.#components;
    return new PeerFinder({
      ...this.#components,
      dial: (addresses, options) => this.#dialer.dial(addresses, options),
      isKept: (peerId) => this.#static.has(peerId),
      isBanned: ({ peerId, addresses }) =>
        bans !== undefined &&
        (bans.isBannedPeer(peerId) || addresses.every((one) => bans.isBannedMultiaddr(one))),
      goodPeers: () => [...this.#router.topicsByPeer().keys()].filter((id) => this.#scoreOf(id) >= 0).length,
    }, {
      self: identity.peerId,
      topics: this.#topics(),
      rules: learnRules(this.#init),
      bootstrap: bootstrapPeers(this.#init),
      maxConnections: this.#init.maxConnections,
      cachePath: this.#init.peerCachePath,
      timing: this.#init.discoveryTiming,
    });
  }

  /** Names on the wire of the topics that this node joins. */
  #topics(): readonly string[] {
    return this.#init.bootstrapOnly === true ? [] : this.#router.desks.map(({ path }) => path);
  }

  #scoreOf(peerId: string): number {
    const pubsub = this.#host?.services.pubsub;
    return pubsub === undefined ? 0 : scoreOf(pubsub, peerId);
  }

  #keepConfigured(): void {
    for (const peer of keptPeers(this.#init)) {
      // one list may be shared by all nodes of an operator, so a node's own address in it is no error
      if (peer.peerId !== this.#components.identity.peerId) this.#static.add(peer);
    }
  }

  readonly #misbehaved = ({ remotePeer, remoteAddr }: Connection, code: ErrorCode) =>
    this.#blame(remotePeer.toString(), code, remoteAddr.toString());

  #blame(peerId: string, code: ErrorCode, address = this.#peers.lastAddressOf(peerId)): void {
    this.#components.bans?.addScore(peerId, offenceOf(code), { address, trusted: this.#static.has(peerId) });
  }

  #viewOf(connection: Connection, topics: readonly string[]): PeerView {
    const peerId = connection.remotePeer.toString();
    return peerView(connection, {
      told: this.#peers.toldBy(peerId),
      score: this.#scoreOf(peerId),
      banScore: this.#components.bans?.score(peerId).score ?? 0,
      topics,
      kept: this.#static.has(peerId),
      traffic: this.#watch.trafficOf(peerId),
    });
  }
}
