import { type GossipSub, type GossipsubMessage, type Message, TopicValidatorResult } from "@libp2p/gossipsub";
import { type BitcoinNetwork, type Clock, CommonsError, errorText } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { AuthorNames } from "./author_names.ts";
import type { CheckContext, OwnFields } from "./codec.ts";
import { CODECS } from "./codecs.ts";
import type { EnvelopeForm } from "./envelope.ts";
import { meshSize } from "./gossip_internals.ts";
import { type NotificationListeners, wholeSeconds } from "./listeners.ts";
import { WIRE_VERSION } from "./peer_table.ts";
import { TopicDesk } from "./topic_desk.ts";
import { topicPath, tryTopicName } from "./topics.ts";
import type { GossipStats, ListenMode, PublishResult } from "./types.ts";
import type { Delivery } from "./verdict.ts";

const RESULTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

export interface GossipRouterComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly listeners: NotificationListeners;
  /** Address of a connected peer, for events. */
  addressOf(peerId: string): string;
}

export interface GossipRouterInit {
  readonly network: BitcoinNetwork;
  readonly topicPrefix: string;
  readonly envelope: EnvelopeForm;
  readonly listenMode: ListenMode;
  readonly own: OwnFields;
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
  readonly #authors = new AuthorNames();
  /** What the validator made of a message, for the delivery of that very message: parsed once, freed with it. */
  readonly #accepted = new WeakMap<Message, Delivery>();
  #pubsub: GossipSub | undefined;

  constructor(components: GossipRouterComponents, init: GossipRouterInit) {
    const { clock, logger } = components;
    this.#components = components;
    this.#init = init;
    this.desks = CODECS.map((codec) =>
      new TopicDesk({ codec, path: topicPath(init, codec.topic), clock, logger })
    );
    this.#byPath = new Map(this.desks.map((desk) => [desk.path, desk]));
  }

  /** Installs the validators and joins the topics. */
  attach(pubsub: GossipSub): void {
    this.#pubsub = pubsub;
    pubsub.addEventListener("gossipsub:message", this.#deliver);
    for (const desk of this.desks) {
      pubsub.topicValidators.set(desk.path, (_source, message) => this.#validate(desk, message));
      pubsub.subscribe(desk.path);
    }
  }

  detach(): void {
    this.#pubsub?.removeEventListener("gossipsub:message", this.#deliver);
    this.#pubsub = undefined;
  }

  /** See `P2pService.publish`. */
  async publish(topic: string, message: Readonly<Record<string, unknown>>): Promise<PublishResult> {
    const { own, envelope: form } = this.#init;
    const { desk, pubsub } = this.#openDesk(topic);
    const draft = desk.draft(message, { own, form, context: this.#context(own.peerId) });
    const { recipients } = await pubsub.publish(desk.path, draft.bytes);
    desk.published(draft);
    this.#notify(draft.accepted.delivery);
    for (const recipient of recipients) {
      this.#components.events.publish("MessageSent", {
        peer_addr: this.#components.addressOf(recipient.toString()),
        message_type: desk.codec.topic,
        message_size: draft.bytes.length,
      });
    }
    return { recipients: recipients.length, message: draft.message };
  }

  stats(): GossipStats {
    return {
      topics: this.desks.map(({ path, codec, counters }) => ({
        topic: codec.topic,
        subscribers: this.#pubsub?.getSubscribers(path).length ?? 0,
        meshPeers: this.#pubsub === undefined ? 0 : meshSize(this.#pubsub, path),
        accepted: counters.total("accept"),
        ignored: counters.total("ignore"),
        rejected: counters.total("reject"),
        published: counters.published,
      })),
    };
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
    const desk = this.desks.find(({ codec }) => codec.topic === name);
    if (desk === undefined) throw unavailable(`this version of the node does not speak ${name}`);
    const mode = this.#init.listenMode;
    if (!desk.mayPublish(mode)) throw unavailable(`p2p.listen_mode is ${mode}`);
    if (this.#pubsub === undefined) throw unavailable("the P2P service is not running");
    return { desk, pubsub: this.#pubsub };
  }

  #context(author: string): CheckContext {
    return { author, network: this.#init.network, clock: this.#components.clock };
  }

  #validate(desk: TopicDesk, message: Message): TopicValidatorResult {
    if (message.type !== "signed") return TopicValidatorResult.Reject; // StrictSign lets none through
    const verdict = desk.receive(message.data, this.#context(this.#authors.textOf(message.from)));
    if (verdict.result === "accept") this.#accepted.set(message, verdict.delivery);
    return RESULTS[verdict.result];
  }

  readonly #deliver = (event: CustomEvent<GossipsubMessage>): void => {
    const { msg, propagationSource } = event.detail;
    const delivery = this.#accepted.get(msg);
    const desk = this.#byPath.get(msg.topic);
    if (delivery === undefined || desk === undefined) return;
    try {
      const { events } = this.#components;
      events.publish("MessageReceived", {
        peer_addr: this.#components.addressOf(propagationSource.toString()),
        message_type: desk.codec.topic,
        message_size: msg.data.length,
        protocol_version: WIRE_VERSION,
      });
      delivery.publishTo(events);
      this.#notify(delivery);
    } catch (error) {
      // what is thrown in an event listener ends the process
      this.#components.logger.error("gossip delivery failed", { error: errorText(error) });
    }
  };

  #notify(delivery: Delivery): void {
    const { listeners, clock } = this.#components;
    if (listeners.size > 0) listeners.notify(delivery.notification(wholeSeconds(clock.now())));
  }
}

function unavailable(state: string): CommonsError {
  return new CommonsError("UNAVAILABLE", `Cannot publish: ${state}`);
}
