import type { EventBus, EventType, NodeEvent } from "../events/mod.ts";
import type { LoadedModule } from "./node_api_types.ts";

/** Options of {@linkcode EventFeed}. */
export interface EventFeedOptions {
  /** The module's name, for the bus's counters. */
  readonly name: string;
  readonly events: EventBus;
  /** Modules that run already, for a first subscription to `ModuleLoaded`. */
  readonly loaded: () => readonly LoadedModule[];
  /** Events that may wait until the cell can take them. */
  readonly capacity: number;
}

/**
 * The events that one cell wants. Subscribing twice to a type delivers it once. Whoever subscribes to `ModuleLoaded` first
 * hears of the modules that run already (such an event has id 0: it is not part of the stream).
 */
export class EventFeed implements Disposable {
  readonly #options: EventFeedOptions;
  readonly #types = new Set<EventType>();
  #listener: Disposable | undefined;
  #send: ((json: string) => boolean) | undefined;
  #waiting: string[] = [];
  #dropped = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** Events dropped before the cell could take any. */
  get dropped(): number {
    return this.#dropped;
  }

  get types(): readonly EventType[] {
    return [...this.#types];
  }

  /** From here on events go to `send`; what waited goes first. */
  attach(send: (json: string) => boolean): void {
    this.#send = send;
    for (const json of this.#waiting.splice(0)) send(json);
  }

  subscribe(types: readonly EventType[]): void {
    const added = types.filter((type) => !this.#types.has(type));
    if (added.length === 0) return;
    for (const type of added) this.#types.add(type);
    if (added.includes("ModuleLoaded")) this.#replayLoaded();
    this.#listen();
  }

  unsubscribe(types: readonly EventType[]): void {
    for (const type of types) this.#types.delete(type);
    this.#listen();
  }

  [Symbol.dispose](): void {
    this.#listener?.[Symbol.dispose]();
    this.#listener = undefined;
    this.#types.clear();
    this.#waiting = [];
    this.#send = () => false;
  }

  /** No event is lost or doubled between the old and the new listener: publishing is synchronous, and so is this. */
  #listen(): void {
    const { events, name } = this.#options;
    this.#listener?.[Symbol.dispose]();
    this.#listener = this.#types.size === 0
      ? undefined
      : events.listen({ name, types: [...this.#types] }, (event: NodeEvent) => this.#deliver(event.json));
  }

  #deliver(json: string): void {
    if (this.#send) this.#send(json);
    else if (this.#waiting.length < this.#options.capacity) this.#waiting.push(json);
    else this.#dropped++;
  }

  #replayLoaded(): void {
    for (const { at, ...payload } of this.#options.loaded()) {
      this.#deliver(JSON.stringify({ id: 0, type: "ModuleLoaded", time: at, payload }));
    }
  }
}
