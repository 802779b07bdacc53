import { type Clock, errorText, type Timer } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

const ASK_FOR_MS = 30_000;
const ASK_EVERY_MS = 1_000;
const WAIT_FOR_PEERS_MS = 5_000;

export interface BestBlockAskerComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Publishes the question. */
  ask(): Promise<unknown>;
  hasPeers(): boolean;
}

/** Asks for others' best block after the start, until somebody answers or half a minute is over. */
export class BestBlockAsker implements Disposable {
  readonly #components: BestBlockAskerComponents;
  #timer: Timer | undefined;
  #done = false;

  constructor(components: BestBlockAskerComponents) {
    this.#components = components;
  }

  start(): void {
    this.#round(this.#components.clock.monotonic() + ASK_FOR_MS);
  }

  /** Somebody has answered. */
  answered(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#done = true;
    this.#timer?.[Symbol.dispose]();
  }

  #round(until: number): void {
    const { clock, ask, hasPeers, logger } = this.#components;
    if (this.#done || clock.monotonic() >= until) return;
    const hasAny = hasPeers();
    if (hasAny) ask().catch((error) => logger.debug("best block not asked for", { error: errorText(error) }));
    this.#timer = clock.after(hasAny ? ASK_EVERY_MS : WAIT_FOR_PEERS_MS, () => this.#round(until));
  }
}
