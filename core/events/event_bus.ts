import { type Clock, CommonsError, errorText } from "../base/mod.ts";
import type { Counter, Logger, Metrics } from "../telemetry/mod.ts";
import type { EventBus, NodeEvent, SubscribeOptions, Subscription } from "./bus.ts";
import { EVENT_TYPES, type EventPayloads, type EventType } from "./catalogue.ts";
import { EventRing } from "./event_ring.ts";
import { QueueSubscription } from "./queue_subscription.ts";

/** What the bus needs. */
export interface EventBusComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/** Default of `subscribe`'s `capacity`. */
const DEFAULT_CAPACITY = 1000;
/** Most events that listeners may set off by publishing in turn before the rest is dropped: a loop, not a node. */
const MAX_CASCADE = 10_000;

interface Listener {
  readonly name: string;
  readonly call: (event: NodeEvent) => void;
  active: boolean;
  delivered: number;
  /** Calls that threw. */
  failed: number;
  readonly subscription: Subscription | undefined;
}

/** Per type: how often it was published, and who wants it. The list is replaced, never changed. */
interface Slot {
  published: number;
  listeners: readonly Listener[];
}

class BusEvent<T extends EventType> implements NodeEvent<T> {
  readonly id: number;
  readonly type: T;
  readonly time: number;
  readonly payload: EventPayloads[T];
  #json: string | undefined;

  constructor(id: number, type: T, time: number, payload: EventPayloads[T]) {
    this.id = id;
    this.type = type;
    this.time = time;
    this.payload = payload;
  }

  get json(): string {
    return this.#json ??= JSON.stringify({
      id: this.id,
      type: this.type,
      time: this.time,
      payload: this.payload,
    });
  }
}

class Bus implements EventBus {
  readonly #components: EventBusComponents;
  readonly #slots = new Map<string, Slot>(EVENT_TYPES.map((type) => [type, { published: 0, listeners: [] }]));
  readonly #listeners = new Set<Listener>();
  readonly #ring = new EventRing();
  readonly #failures: Counter | undefined;
  readonly #drops: Counter | undefined;
  #backlog: { readonly event: NodeEvent; readonly slot: Slot }[] = [];
  #dispatching = false;

  constructor(components: EventBusComponents) {
    this.#components = components;
    const { metrics } = components;
    this.#failures = metrics?.counter({
      name: "commons_event_listener_failures_total",
      help: "Events whose listener threw.",
      labels: ["subscriber"],
    });
    this.#drops = metrics?.counter({
      name: "commons_events_dropped_total",
      help: "Events dropped because a subscriber's queue was full.",
      labels: ["subscriber"],
    });
    metrics?.collect({
      name: "commons_events_published_total",
      help: "Events published since start.",
      labels: ["type"],
      kind: "counter",
    }, () => this.#publishedByType());
  }

  publish<T extends EventType>(type: T, payload: EventPayloads[T]): void {
    const slot = this.#slots.get(type);
    if (slot === undefined) {
      throw new CommonsError("UNKNOWN_EVENT_TYPE", "Cannot publish: the type is not in the catalogue");
    }
    slot.published++;
    const event = new BusEvent(this.#ring.nextId, type, this.#components.clock.now(), payload);
    this.#ring.push(event);
    if (slot.listeners.length === 0) return;
    // A listener that publishes in turn must not overtake: every subscriber sees events in the order of their ids.
    if (this.#dispatching) this.#defer(event, slot);
    else this.#dispatch(event, slot);
  }

  subscribe(options: SubscribeOptions & { readonly capacity?: number }): Subscription {
    const subscription = new QueueSubscription(options.capacity ?? DEFAULT_CAPACITY, {
      onDrop: () => this.#drops?.inc({ subscriber: options.name }),
      onDispose: () => this.#remove(listener),
    });
    const listener = this.#add(options, (event) => subscription.push(event), subscription);
    return subscription;
  }

  listen(options: SubscribeOptions, listener: (event: NodeEvent) => void): Disposable {
    const added = this.#add(options, listener, undefined);
    return { [Symbol.dispose]: () => this.#remove(added) };
  }

  since(id: number, types?: readonly EventType[]): readonly NodeEvent[] {
    return this.#ring.since(id, types);
  }

  stats(): readonly { readonly name: string; readonly delivered: number; readonly dropped: number }[] {
    return [...this.#listeners].map(({ name, delivered, failed, subscription }) => ({
      name,
      delivered: subscription?.delivered ?? delivered,
      dropped: subscription?.dropped ?? failed,
    }));
  }

  #dispatch(event: NodeEvent, slot: Slot): void {
    this.#dispatching = true;
    try {
      this.#deliver(event, slot);
      for (let i = 0; i < this.#backlog.length; i++) {
        const next = this.#backlog[i];
        if (next !== undefined) this.#deliver(next.event, next.slot);
      }
    } finally {
      if (this.#backlog.length > 0) this.#backlog = [];
      this.#dispatching = false;
    }
  }

  #defer(event: NodeEvent, slot: Slot): void {
    if (this.#backlog.length < MAX_CASCADE) {
      this.#backlog.push({ event, slot });
      return;
    }
    for (const { name } of slot.listeners) this.#drops?.inc({ subscriber: name });
    this.#components.logger.error("event dropped: listeners publish in a loop", { type: event.type });
  }

  #deliver(event: NodeEvent, slot: Slot): void {
    // Indexed on purpose: this is the hot path. `listeners` is replaced on change, so it is stable here.
    const { listeners } = slot;
    for (let i = 0; i < listeners.length; i++) {
      const listener = listeners[i];
      if (listener === undefined || !listener.active) continue;
      try {
        listener.call(event);
        listener.delivered++;
      } catch (error) {
        this.#failed(listener, event, error);
      }
    }
  }

  #failed(listener: Listener, event: NodeEvent, error: unknown): void {
    listener.failed++;
    this.#failures?.inc({ subscriber: listener.name });
    this.#components.logger.error("event listener failed", {
      subscriber: listener.name,
      type: event.type,
      error: errorText(error),
    });
  }

  #add(
    options: SubscribeOptions,
    call: (event: NodeEvent) => void,
    subscription: Subscription | undefined,
  ): Listener {
    const listener = { name: options.name, call, active: true, delivered: 0, failed: 0, subscription };
    this.#listeners.add(listener);
    for (const type of new Set(options.types ?? EVENT_TYPES)) {
      const slot = this.#slots.get(type);
      if (slot !== undefined) slot.listeners = [...slot.listeners, listener];
    }
    return listener;
  }

  #remove(listener: Listener): void {
    if (!listener.active) return;
    listener.active = false;
    this.#listeners.delete(listener);
    for (const slot of this.#slots.values()) {
      if (slot.listeners.includes(listener)) {
        slot.listeners = slot.listeners.filter((other) => other !== listener);
      }
    }
  }

  *#publishedByType(): Iterable<readonly [number, { readonly type: string }]> {
    for (const [type, { published }] of this.#slots) {
      if (published > 0) yield [published, { type }];
    }
  }
}

/**
 * Makes the event bus. Publishing is synchronous: listeners run before `publish` returns, in the order in which they
 * were added, and every subscriber sees events in the order of their ids, also when a listener publishes in turn.
 * Payloads are handed on as they are (not copied, not checked): do not change them afterwards, and run
 * {@linkcode payloadFault} on what came from outside.
 */
export function createEventBus(components: EventBusComponents): EventBus {
  return new Bus(components);
}
