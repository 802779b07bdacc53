import { BoundedQueue, CommonsError } from "../base/mod.ts";
import type { NodeEvent, Subscription } from "./bus.ts";

/** What the owner of a subscription wants to know. */
export interface QueueSubscriptionHooks {
  onDrop(): void;
  onDispose(): void;
}

type Result = IteratorResult<NodeEvent, undefined>;
const DONE: Result = Object.freeze({ done: true, value: undefined });

/**
 * Pull subscription with a bounded queue that drops the newest. For one reader: a second `next()` while one waits is
 * refused. Disposing ends the iteration at once and forgets what waits; leaving a `for await` early does not dispose.
 */
export class QueueSubscription implements Subscription {
  readonly #queue: BoundedQueue<NodeEvent>;
  readonly #hooks: QueueSubscriptionHooks;
  #waiting: ((result: Result) => void) | undefined;
  #delivered = 0;
  #disposed = false;

  constructor(capacity: number, hooks: QueueSubscriptionHooks) {
    this.#queue = new BoundedQueue(capacity, "drop_newest");
    this.#hooks = hooks;
  }

  /** Events that the reader has taken. */
  get delivered(): number {
    return this.#delivered;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get pending(): number {
    return this.#queue.length;
  }

  push(event: NodeEvent): void {
    if (this.#disposed) return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      if (!this.#queue.push(event)) this.#hooks.onDrop();
      return;
    }
    this.#waiting = undefined;
    this.#delivered++;
    waiting({ done: false, value: event });
  }

  [Symbol.asyncIterator](): AsyncIterator<NodeEvent, undefined> {
    return { next: () => this.#next(), return: () => Promise.resolve(DONE) };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#queue.clear();
    this.#waiting?.(DONE);
    this.#waiting = undefined;
    this.#hooks.onDispose();
  }

  #next(): Promise<Result> {
    if (this.#disposed) return Promise.resolve(DONE);
    const event = this.#queue.shift();
    if (event !== undefined) {
      this.#delivered++;
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#waiting !== undefined) {
      return Promise.reject(
        new CommonsError("SUBSCRIPTION_BUSY", "Cannot read the subscription: another reader waits already"),
      );
    }
    return new Promise((resolve) => this.#waiting = resolve);
  }
}
