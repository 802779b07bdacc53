import { type Clock, errorText, type Timer } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

/** Between learning what a peer speaks and greeting it: its own streams come first. */
const GREET_AFTER_MS = 500;
const ANSWER_WITHIN_MS = 2_000;
/** The first greeting on the topic waits this long for somebody to hear it. */
const TOPIC_WAIT_MS = 5_000;
const TOPIC_POLL_MS = 500;
/** Peers that do not answer their stream hear the topic; so often is enough. */
const TOPIC_GAP_MS = 10_000;
/** Greetings under way. */
const MAX_PENDING = 256;

export interface HandshakesComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends `version` or `verack` to a connected peer. */
  send(peerId: string, type: "version" | "verack"): Promise<void>;
  /** Publishes `version` on the topic. */
  publish(): Promise<unknown>;
  /** True when somebody would hear the topic. */
  hasListeners(): boolean;
}

/**
 * Greets each peer that connects over a stream of its own, and the topic once after the start and when a peer does not
 * answer.
 */
export class Handshakes implements Disposable {
  readonly #components: HandshakesComponents;
  readonly #pending = new Map<string, Timer>();
  #topicTimer: Timer | undefined;
  #published = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(components: HandshakesComponents) {
    this.#components = components;
  }

  start(): void {
    if (this.#stopped) return;
    this.#publishWhenHeard(this.#components.clock.monotonic() + TOPIC_WAIT_MS);
  }

  /** A peer is connected that speaks the direct protocol. */
  connected(peerId: string): void {
    if (this.#stopped || this.#pending.has(peerId) || this.#pending.size >= MAX_PENDING) return;
    this.#pending.set(peerId, this.#components.clock.after(GREET_AFTER_MS, () => this.#greet(peerId)));
  }

  disconnected(peerId: string): void {
    this.#settle(peerId);
  }

  /** A peer has greeted: it is answered. */
  greeted(peerId: string): void {
    if (!this.#stopped) this.#send(peerId, "verack");
  }

  /** A peer has answered. */
  answered(peerId: string): void {
    this.#settle(peerId);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const peerId of [...this.#pending.keys()]) this.#settle(peerId);
    this.#topicTimer?.[Symbol.dispose]();
  }

  #greet(peerId: string): void {
    this.#send(peerId, "version");
    this.#pending.set(
      peerId,
      this.#components.clock.after(ANSWER_WITHIN_MS, () => {
        this.#pending.delete(peerId);
        this.#publish();
      }),
    );
  }

  #send(peerId: string, type: "version" | "verack"): void {
    this.#components.send(peerId, type).catch((error) => {
      this.#components.logger.debug("greeting not sent", { peerId, type, error: errorText(error) });
    });
  }

  #publishWhenHeard(until: number): void {
    const { clock, hasListeners } = this.#components;
    if (hasListeners()) return this.#publish();
    if (clock.monotonic() >= until) return; // those who come later are greeted one by one
    this.#topicTimer = clock.after(TOPIC_POLL_MS, () => this.#publishWhenHeard(until));
  }

  #publish(): void {
    const { clock, publish, logger } = this.#components;
    if (this.#stopped || clock.monotonic() - this.#published < TOPIC_GAP_MS) return;
    this.#published = clock.monotonic();
    publish().catch((error) => logger.debug("greeting not published", { error: errorText(error) }));
  }

  #settle(peerId: string): void {
    this.#pending.get(peerId)?.[Symbol.dispose]();
    this.#pending.delete(peerId);
  }
}
