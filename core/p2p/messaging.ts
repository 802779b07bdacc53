import { type Clock, errorText } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { BestBlockAsker } from "./best_block_asker.ts";
import type { OwnFields } from "./codec.ts";
import { DirectStreams } from "./direct_streams.ts";
import type { GossipRouter, Heard } from "./gossip_router.ts";
import { Handshakes } from "./handshakes.ts";
import type { Host } from "./host.ts";
import { NodeStatusBeat } from "./node_status_beat.ts";
import { PeerClaims } from "./peer_claims.ts";
import type { ClaimView, PublishResult, TopicName } from "./types.ts";
import type { Delivery } from "./verdict.ts";

export interface MessagingComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: Pick<EventBus, "listen">;
  readonly router: GossipRouter;
  readonly own: OwnFields;
  isConnected(peerId: string): boolean;
  isBanned(peerId: string): boolean;
}

export interface MessagingInit {
  /** Protocol of direct streams; the topic prefix, as nodes of that family have it. */
  readonly protocol: string;
}

/**
 * What the node says of itself and answers: its status, greetings, its best block. What it may say at all is the router's
 * decision (listen mode).
 */
export class Messaging {
  readonly #components: MessagingComponents;
  readonly #direct: DirectStreams;
  readonly #beat: NodeStatusBeat;
  readonly #handshakes: Handshakes;
  readonly #asker: BestBlockAsker;
  readonly #claims: PeerClaims;
  #tips: Disposable | undefined;
  /** False in a node that serves others without a word of its own. */
  #speaks = false;

  constructor(components: MessagingComponents, { protocol }: MessagingInit) {
    const { clock, logger, metrics, router, isBanned } = components;
    this.#components = components;
    this.#claims = new PeerClaims(clock);
    this.#direct = new DirectStreams({
      clock,
      logger,
      metrics,
      isBanned,
      receive: (bytes, { remotePeer }) => router.receiveDirect(bytes, remotePeer.toString()),
      oversized: ({ remotePeer }) => router.refuseDirect(remotePeer.toString()),
    }, { protocol });
    this.#beat = new NodeStatusBeat({ clock, logger, publish: () => router.publish("node_status", {}) });
    this.#handshakes = new Handshakes({
      clock,
      logger,
      send: (peerId, type) => this.#send(peerId, "handshake", { type }),
      publish: () => router.publish("handshake", {}),
      hasListeners: () => router.subscribers("handshake") > 0,
    });
    this.#asker = new BestBlockAsker({
      clock,
      logger,
      ask: () => router.publish("bestblock", {}),
      hasPeers: () => router.subscribers("bestblock") > 0,
    });
  }

  /** Answers the direct protocol; before the host starts. */
  attach(host: Host): Promise<void> {
    this.#speaks = true;
    return this.#direct.attach(host);
  }

  /** Begins to speak; the router is attached. */
  start(): void {
    const { router, own, events } = this.#components;
    if (router.mayPublish("node_status")) {
      this.#beat.start();
      const types = ["ChainTipUpdated", "SyncStateChanged"] as const;
      this.#tips = events.listen({ name: "p2p status", types }, () => this.#beat.refresh());
    }
    if (router.mayPublish("handshake")) this.#handshakes.start();
    // without a chain of its own the node has no use for the answer
    if (router.mayPublish("bestblock") && own.tip() !== undefined) this.#asker.start();
  }

  stop(): void {
    this.#tips?.[Symbol.dispose]();
    this.#beat[Symbol.dispose]();
    this.#handshakes[Symbol.dispose]();
    this.#asker[Symbol.dispose]();
    this.#direct.stop();
  }

  /** A peer has said what it speaks. */
  identified(peerId: string, protocols: readonly string[]): void {
    if (!this.#speaks || !protocols.includes(this.#direct.protocol)) return;
    if (this.#components.router.mayPublish("handshake")) this.#handshakes.connected(peerId);
  }

  disconnected(peerId: string): void {
    this.#handshakes.disconnected(peerId);
  }

  async publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult> {
    const published = await this.#components.router.publish(topic, message);
    if ((topic === "block" || topic === "miningon") && this.#components.router.mayPublish("node_status")) {
      this.#beat.refresh();
    }
    return published;
  }

  /** Takes what the router has accepted from others. */
  heard({ claim, talk }: Delivery, { author, via }: Heard): void {
    if (claim !== undefined) this.#claims.note(claim);
    switch (talk) {
      case "version":
        if (this.#mayAnswer("handshake", author)) this.#handshakes.greeted(author);
        break;
      case "verack":
        this.#handshakes.answered(author);
        break;
      case "best_block_request":
        if (this.#mayAnswer("block", author)) this.#answerBestBlock(author);
        break;
      case "block":
        if (via === "direct") this.#asker.answered();
    }
  }

  claimOf(peerId: string): ClaimView | undefined {
    return this.#claims.of(peerId);
  }

  /** Answers go to neighbours only: whoever asks has some, and one question must not make a whole network dial. */
  #mayAnswer(topic: TopicName, peerId: string): boolean {
    const { router, isConnected } = this.#components;
    return isConnected(peerId) && router.admits(topic);
  }

  #answerBestBlock(peerId: string): void {
    const { hash, height, header } = this.#components.own.tip() ?? {};
    if (hash === undefined || header === undefined) return;
    this.#send(peerId, "block", { Hash: hash, Height: height, Header: header }).catch((error) => {
      this.#components.logger.debug("best block not sent", { peerId, error: errorText(error) });
    });
  }

  async #send(peerId: string, topic: TopicName, message: Readonly<Record<string, unknown>>): Promise<void> {
    const { router } = this.#components;
    const { bytes } = router.directDraft(topic, message);
    await this.#direct.send(peerId, bytes);
    router.sent(topic, peerId, bytes.length);
  }
}
