import type { EventPayloads, EventType } from "./catalogue.ts";

/** One published event. */
export interface NodeEvent<T extends EventType = EventType> {
  /** Grows by one with every event of this run of the node, from 1. */
  readonly id: number;
  readonly type: T;
  /** Unix milliseconds. */
  readonly time: number;
  readonly payload: EventPayloads[T];
  /** JSON text of `{id, type, time, payload}`, made once and shared by all who send it on. */
  readonly json: string;
}

export interface SubscribeOptions {
  /** Who listens, for metrics and logs: a fixed word or a module's name. */
  readonly name: string;
  /** Types wanted; absent means all. An empty list means none. */
  readonly types?: readonly EventType[];
}

/** A pull subscription with a bounded queue: when it is full the newest event is dropped and counted. */
export interface Subscription extends AsyncIterable<NodeEvent>, Disposable {
  readonly delivered: number;
  readonly dropped: number;
  /** Events that wait now. */
  readonly pending: number;
}

/** Typed publish-subscribe. Publishing never waits and never throws because of a subscriber. */
export interface EventBus {
  publish<T extends EventType>(type: T, payload: EventPayloads[T]): void;
  /** At most `capacity` events wait (default 1,000). */
  subscribe(options: SubscribeOptions & { readonly capacity?: number }): Subscription;
  /** Calls `listener` synchronously for each event; it must be quick and own its queue. A throw is logged and counted. */
  listen(options: SubscribeOptions, listener: (event: NodeEvent) => void): Disposable;
  /** Recent events after `id`, oldest first, for resuming streams; at most the last 1,000 are kept. */
  since(id: number, types?: readonly EventType[]): readonly NodeEvent[];
  /** Per subscriber: delivered, dropped. */
  stats(): readonly { readonly name: string; readonly delivered: number; readonly dropped: number }[];
}
