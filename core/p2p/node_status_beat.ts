import { type Clock, errorText, type Timer } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

const INTERVAL_MS = 10_000;
/** Others look at one status of a node in five seconds; a little more, as not all take the same way. */
const MIN_GAP_MS = 6_000;

export interface NodeStatusBeatComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  publish(): Promise<unknown>;
}

/** Tells the node's status at once, every ten seconds, and soon after something has changed. */
export class NodeStatusBeat implements Disposable {
  readonly #components: NodeStatusBeatComponents;
  readonly #timers = new DisposableStack();
  #soon: Timer | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor(components: NodeStatusBeatComponents) {
    this.#components = components;
  }

  start(): void {
    if (this.#timers.disposed) return;
    this.#beat();
    this.#timers.use(this.#components.clock.every(INTERVAL_MS, () => this.#beat()));
  }

  /** Something has changed that the status tells. */
  refresh(): void {
    if (this.#timers.disposed || this.#soon?.active) return;
    const { clock } = this.#components;
    const wait = Math.max(0, this.#last + MIN_GAP_MS - clock.monotonic());
    this.#soon = clock.after(wait, () => this.#beat());
  }

  [Symbol.dispose](): void {
    this.#timers.dispose();
    this.#soon?.[Symbol.dispose]();
  }

  #beat(): void {
    const { clock, logger, publish } = this.#components;
    if (clock.monotonic() - this.#last < MIN_GAP_MS) return; // one that was told soon after a change
    this.#last = clock.monotonic();
    publish().catch((error) => logger.debug("status not told", { error: errorText(error) }));
  }
}
