import { type Clock, type CommonsError, errorText, type Timer } from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { unavailable } from "./rpc_errors.ts";

/** What is known of the full node: nothing yet; it answers; it does not; it is of another network. */
export type NodeState = "unknown" | "up" | "down" | "foreign";

/** What a probe found. */
export type Probe =
  | { readonly state: "up" }
  | { readonly state: "foreign"; readonly why: string }
  | { readonly state: "down"; readonly error: unknown };

export interface AvailabilityComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks the node who it is; never rejects. */
  readonly probe: () => Promise<Probe>;
}

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Timeouts and "busy" in a row after which it counts as down: one slow call says nothing. */
const MAX_SLOW = 3;

/**
 * Whether asking makes sense. While it does not, calls fail at once, and only a probe asks: after 1 s, then twice as long
 * each time, at most every minute. The log tells of changes, not of tries.
 */
export class Availability {
  readonly #components: AvailabilityComponents;
  #state: NodeState = "unknown";
  #why = "it was not asked yet";
  #slow = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: Timer | undefined;
  #probing: Promise<void> | undefined;
  #stopped = false;

  constructor(components: AvailabilityComponents) {
    this.#components = components;
  }

  get state(): NodeState {
    return this.#state;
  }

  /** Why it is not up, in words that may be shown. */
  get why(): string | undefined {
    return this.#state === "up" ? undefined : this.#why;
  }

  /** Probes for the first time. */
  start(): void {
    this.#probe();
  }

  /** Resolves when calls may be made; waits for nothing but the first probe. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#state === "unknown" && this.#probing) await orAbort(this.#probing, signal);
    if (this.#stopped) throw unavailable("it is not asked any more");
    if (this.#state !== "up") throw unavailable(this.#why);
  }

  noteAnswer(): void {
    this.#slow = 0;
  }

  /** A call failed for a reason that lies in the connection. */
  noteFailure(error: CommonsError): void {
    if (this.#state !== "up") return;
    const slow = error.code === "TIMEOUT" || error.detail?.["status"] === 503;
    if (slow && ++this.#slow < MAX_SLOW) return;
    this.#goDown(error);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    await this.#probing;
  }

  #probe(): void {
    this.#probing ??= this.#probeOnce().finally(() => this.#probing = undefined);
  }

  async #probeOnce(): Promise<void> {
    const found = await this.#components.probe();
    if (this.#stopped) return;
    if (found.state === "up") this.#goUp();
    else if (found.state === "foreign") this.#goForeign(found.why);
    else this.#goDown(found.error);
  }

  #goUp(): void {
    this.#slow = 0;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#state !== "unknown") this.#components.logger.info("the full node answers again");
    this.#state = "up";
  }

  /** Asked again all the same: the operator may start the right one in its place. */
  #goForeign(why: string): void {
    if (this.#state !== "foreign" || this.#why !== why) {
      this.#components.logger.error("the full node is of another network and is not used", { why });
    }
    this.#state = "foreign";
    this.#why = why;
    this.#retryMs = MAX_RETRY_MS;
    this.#probeLater();
  }

  #goDown(error: unknown): void {
    const why = errorText(error).replace(/^Cannot ask the full node: /, "");
    if (this.#state !== "down") this.#components.logger.warn("the full node does not answer", { why });
    this.#state = "down";
    this.#why = why;
    this.#probeLater();
  }

  #probeLater(): void {
    if (this.#stopped || this.#timer?.active) return;
    this.#timer = this.#components.clock.after(this.#retryMs, () => this.#probe());
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }
}

/** Settles as `work` does, or rejects with the signal's reason. */
function orAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
