import { type GossipSub, type GossipsubMessage, type Message, TopicValidatorResult } from "@libp2p/gossipsub";
import { CommonsError, type ErrorCode, errorText } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { AuthorGate } from "./author_gate.ts";
import { AuthorNames } from "./author_names.ts";
import type { CheckContext, CheckScope, OwnFields } from "./codec.ts";
import { CODECS } from "./codecs.ts";
import { type EnvelopeForm, readEnvelope } from "./envelope.ts";
import { meshSize, watchDuplicates } from "./gossip_internals.ts";
import { countInvalid } from "./invalid_deliveries.ts";
import { type NotificationListeners, wholeSeconds } from "./listeners.ts";
import { WIRE_VERSION } from "./peer_table.ts";
import type { PublishGate } from "./publish_gate.ts";
import { RefusalLog } from "./refusal_log.ts";
import { RelayFaults } from "./relay_faults.ts";
import { type Draft, RELAY_FLOOD_CODE, TopicDesk } from "./topic_desk.ts";
import { topicPath, tryTopicName } from "./topics.ts";
import type { GossipStats, PublishResult, TopicName } from "./types.ts";
import { type Delivery, ignore, type Refused, reject, type Verdict } from "./verdict.ts";

const RESULTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

const EMPTY = ignore("EMPTY", "the stream was closed without a message");
const TOO_LARGE = reject("MESSAGE_TOO_LARGE", "the direct message is over the size cap");
const NOT_SPOKEN = reject("UNKNOWN_KIND", "messages of this kind are not sent directly");

export interface GossipRouterComponents {
  readonly logger: Logger;
  readonly events: EventBus;
  readonly listeners: NotificationListeners;
  /** Address of a connected peer, for events. */
  addressOf(peerId: string): string;
  /** Whose messages are looked at. */
  readonly authors: Pick<AuthorGate, "refusal">;
  /** What the node may say. */
  readonly gate: Pick<PublishGate, "isOpen" | "admits" | "assertOpen">;
  /** Told when a peer handed over a message of its own that was rejected, and for what. */
  blame(peerId: string, code: ErrorCode): void;
  /** Told when a peer passes on so much that it is to be unheard for a while. */
  unhear(peerId: string): void;
  /** Told what was accepted from others, besides whoever listens to notifications and events. */
  heard(delivery: Delivery, heard: Heard): void;
}

/** How a message came. */
export interface Heard {
  readonly author: string;
  readonly via: "gossip" | "direct";
}

export interface GossipRouterInit {
  readonly topicPrefix: string;
  readonly envelope: EnvelopeForm;
  readonly own: OwnFields;
  readonly scope: CheckScope;
}

/**
 * The node's gossip: validators that decide before a message is forwarded, delivery of what they accept, publishing.
 * gossipsub checks the author's signature first, then whether the message id is known, then asks the validator: an
 * unsigned or forged message neither reaches the validator nor occupies an id.
 */
export class GossipRouter {
  readonly desks: readonly TopicDesk[];
  readonly #components: GossipRouterComponents;
  readonly #init: GossipRouterInit;
  readonly #byPath: ReadonlyMap<string, TopicDesk>;
  readonly #names = new AuthorNames();
  readonly #refusals: RefusalLog;
  readonly #faults: RelayFaults;
  /** What the validator made of a message, for the delivery of that very message: parsed once, freed with it. */
  readonly #accepted = new WeakMap<Message, Delivery>();
  #pubsub: GossipSub | undefined;

  constructor(components: GossipRouterComponents, init: GossipRouterInit) {
    const { logger } = components;
    const { scope, topicPrefix } = init;
    const { clock, network } = scope;
    this.#components = components;
    this.#init = init;
    this.#refusals = new RefusalLog({ clock, logger });
    this.#faults = new RelayFaults(clock);
    this.desks = CODECS.map((codec) =>
      new TopicDesk({ codec, path: topicPath({ topicPrefix, network }, codec.topic), clock, logger })
    );
    this.#byPath = new Map(this.desks.map((desk) => [desk.path, desk]));
  }

  /** Installs the validators and joins the topics. */
  attach(pubsub: GossipSub): void {
    this.#pubsub = pubsub;
    pubsub.addEventListener("gossipsub:message", this.#onMessage);
    watchDuplicates(pubsub, (path) => this.#byPath.get(path)?.counters.duplicate());
    for (const desk of this.desks) {
      pubsub.topicValidators.set(
        desk.path,
        (source, message) => this.#validate(desk, message, source.toString()),
      );
      pubsub.subscribe(desk.path);
    }
  }

  detach(): void {
    this.#pubsub?.removeEventListener("gossipsub:message", this.#onMessage);
    this.#pubsub = undefined;
  }

  /** See `P2pService.publish`. */
  async publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult> {
    const { desk, pubsub } = this.#openDesk(topic);
    const draft = desk.draft(message, this.#draftOptions(this.#init.envelope));
    desk.takeTurn(draft);
    const { recipients } = await pubsub.publish(desk.path, draft.bytes);
    desk.published(draft, recipients.length);
    desk.counters.handedTo(recipients.length, draft.bytes.length);
    this.#notify(draft.accepted.delivery);
    for (const recipient of recipients) this.sent(desk.codec.topic, recipient.toString(), draft.bytes.length);
    return { recipients: recipients.length, message: draft.message };
  }

  /**
   * A message of the node's own for a direct stream, always as plain JSON: the generation of nodes that speaks over
   * these knows no envelope. @throws {CommonsError} as `publish`
   */
  directDraft(topic: TopicName, message: Readonly<Record<string, unknown>>): Draft {
    return this.#deskOf(topic).draft(message, this.#draftOptions("raw"));
  }

  /** Publishes the event that a message was handed to a peer. */
  sent(topic: TopicName, peerId: string, size: number): void {
    this.#components.events.publish("MessageSent", {
      peer_addr: this.#components.addressOf(peerId),
      message_type: topic,
      message_size: size,
    });
  }

  /** Takes a whole message that `author` sent over a stream of its own: a greeting or a block. Never throws. */
  receiveDirect(bytes: Uint8Array, author: string): void {
    const context = this.#context(author, author);
    const read = readEnvelope(bytes);
    const size = bytes.length;
    const desk = this.#deskOf(read.ok && !isGreeting(read.message) ? "block" : "handshake");
    const refusal = size === 0 ? EMPTY : this.#components.authors.refusal(desk.codec.topic, context);
    let verdict: Verdict;
    if (refusal !== undefined) verdict = desk.refused(refusal, size);
    else if (!read.ok) verdict = desk.refused(read.refused, size);
    else if (isDirectKind(read.message)) verdict = desk.receiveParsed(read.message, { size, context });
    else verdict = desk.refused(NOT_SPOKEN, size);
    if (verdict.result === "reject" && !this.#faults.forgives(verdict, context)) {
      this.#components.blame(author, verdict.code);
    }
    if (verdict.result === "accept") {
      return this.#deliver(verdict.delivery, { desk, author, via: "direct", source: author, size });
    }
    this.#tellRefusal(verdict, { desk, context });
    if (verdict.code === "DUPLICATE" || verdict.code === "OLD_BLOCK") {
      // a block that gossip brought first, or that this node has long had, answers a question all the same
      this.#components.heard({ talk: "block" }, { author, via: "direct" });
    }
  }

  /** Notes that `author` sent more over a stream than any message has. */
  refuseDirect(author: string): void {
    this.#deskOf("handshake").refused(TOO_LARGE, 0);
    this.#components.blame(author, TOO_LARGE.code);
  }

  /** Peers that have joined a topic. */
  subscribers(topic: TopicName): number {
    return this.#pubsub?.getSubscribers(this.#deskOf(topic).path).length ?? 0;
  }

  /** Whether the node says this kind at all. */
  mayPublish(topic: TopicName): boolean {
    return this.#components.gate.isOpen(this.#deskOf(topic));
  }

  /** The same for something that is about to be said: what is not is counted. */
  admits(topic: TopicName): boolean {
    return this.#components.gate.admits(this.#deskOf(topic));
  }

  /** See `TopicDesk.announcersOf`. */
  announcersOf(topic: TopicName, hash: string) {
    return this.#deskOf(topic).announcersOf(hash);
  }

  topicStats(): GossipStats["topics"] {
    return this.desks.map(({ path, codec, counters }) => ({
      topic: codec.topic,
      subscribers: this.#pubsub?.getSubscribers(path).length ?? 0,
      meshPeers: this.#pubsub === undefined ? 0 : meshSize(this.#pubsub, path),
      accepted: counters.total("accept"),
      ignored: counters.total("ignore"),
      rejected: counters.total("reject"),
      published: counters.published,
    }));
  }

  /** Short names of the joined topics that each peer has joined too. */
  topicsByPeer(): ReadonlyMap<string, readonly string[]> {
    const topics = new Map<string, string[]>();
    for (const { path, codec } of this.desks) {
      for (const peer of this.#pubsub?.getSubscribers(path) ?? []) {
        const id = peer.toString();
        topics.set(id, [...topics.get(id) ?? [], codec.topic]);
      }
    }
    return topics;
  }

  #openDesk(topic: string): { readonly desk: TopicDesk; readonly pubsub: GossipSub } {
    const name = tryTopicName(topic);
    if (name === undefined) {
      throw new CommonsError("UNKNOWN_TOPIC", "Cannot publish: there is no such topic");
    }
    const desk = this.#deskOf(name);
    this.#components.gate.assertOpen(desk);
    if (this.#pubsub === undefined) throw unavailable("the P2P service is not running");
    return { desk, pubsub: this.#pubsub };
  }

  #deskOf(topic: TopicName): TopicDesk {
    const desk = this.desks.find(({ codec }) => codec.topic === topic);
    if (desk === undefined) throw unavailable(`this version of the node does not speak ${topic}`);
    return desk;
  }

  #draftOptions(form: EnvelopeForm) {
    const { own } = this.#init;
    return { own, form, context: this.#context(own.peerId, own.peerId) };
  }

  #check(desk: TopicDesk, data: Uint8Array, context: CheckContext): Verdict {
    const { clock } = context;
    const began = desk.counters.began(clock);
    const verdict = desk.receive(data, context);
    desk.counters.ended(began, clock);
    return verdict;
  }

  #context(author: string, source: string): CheckContext {
    const { network, chain, clock, hubs, believable, noNews } = this.#init.scope;
    return { author, source, network, chain, clock, hubs, believable, noNews };
  }

  #validate(desk: TopicDesk, message: Message, source: string): TopicValidatorResult {
    if (message.type !== "signed") return TopicValidatorResult.Reject; // StrictSign lets none through
    const author = this.#names.textOf(message.from);
    const context = this.#context(author, source);
    const refusal = this.#components.authors.refusal(desk.codec.topic, context);
    const verdict = refusal === undefined
      ? this.#check(desk, message.data, context)
      : desk.refused(refusal, message.data.length);
    if (verdict.result === "accept") this.#accepted.set(message, verdict.delivery);
    else {
      if (verdict.code === RELAY_FLOOD_CODE) this.#components.unhear(source);
      this.#tellRefusal(verdict, { desk, context });
    }
    return verdict.result === "reject" ? this.#rejected(verdict, { desk, context }) : RESULTS[verdict.result];
  }

  /** Lowers the score of who is to blame for a rejected message, and of nobody else who happens to pass it on. */
  #rejected(
    verdict: Refused,
    { desk: { path }, context }: { readonly desk: TopicDesk; readonly context: CheckContext },
  ): TopicValidatorResult {
    if (this.#faults.forgives(verdict, context)) return RESULTS.ignore;
    const { author, source } = context;
    if (author === source) this.#components.blame(author, verdict.code);
    const isCounted = this.#pubsub !== undefined && countInvalid(this.#pubsub, { peerId: source, path });
    return isCounted ? RESULTS.ignore : RESULTS.reject;
  }

  #tellRefusal(
    { result, code, detail }: Refused,
    { desk, context }: { readonly desk: TopicDesk; readonly context: CheckContext },
  ): void {
    if (code === "DUPLICATE" || code === "OWN" || !this.#refusals.ready()) return; // gossip repeats all the time
    const { author, source } = context;
    this.#refusals.write("message refused", {
      topic: desk.codec.topic,
      result,
      code,
      detail,
      author,
      source,
    });
  }

  readonly #onMessage = (event: CustomEvent<GossipsubMessage>): void => {
    const { msg, propagationSource } = event.detail;
    const delivery = this.#accepted.get(msg);
    const desk = this.#byPath.get(msg.topic);
    if (delivery === undefined || desk === undefined || msg.type !== "signed") return;
    this.#deliver(delivery, {
      desk,
      author: this.#names.textOf(msg.from),
      via: "gossip",
      source: propagationSource.toString(),
      size: msg.data.length,
    });
  };

  #deliver(delivery: Delivery, from: Heard & { desk: TopicDesk; source: string; size: number }): void {
    const { events, addressOf, heard, logger } = this.#components;
    try {
      events.publish("MessageReceived", {
        peer_addr: addressOf(from.source),
        message_type: from.desk.codec.topic,
        message_size: from.size,
        protocol_version: WIRE_VERSION,
      });
      delivery.publishTo?.(events);
      this.#notify(delivery);
      heard(delivery, from);
    } catch (error) {
      // what is thrown in an event listener ends the process
      logger.error("gossip delivery failed", { error: errorText(error) });
    }
  }

  #notify(delivery: Delivery): void {
    const { listeners } = this.#components;
    if (listeners.size === 0 || delivery.notification === undefined) return;
    listeners.notify(delivery.notification(wholeSeconds(this.#init.scope.clock.now())));
  }
}

/** True for what is a greeting or wants to be one. */
function isGreeting(message: Readonly<Record<string, unknown>>): boolean {
  return message["type"] !== undefined;
}

/** A greeting or a block; some nodes leave the header out. */
function isDirectKind(message: Readonly<Record<string, unknown>>): boolean {
  return isGreeting(message) || message["Header"] !== undefined || message["Height"] !== undefined;
}

function unavailable(state: string): CommonsError {
  return new CommonsError("UNAVAILABLE", `Cannot publish: ${state}`);
}
