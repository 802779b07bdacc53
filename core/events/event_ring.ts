import type { NodeEvent } from "./bus.ts";
import type { EventType } from "./catalogue.ts";

/** How many events are kept for resuming streams. */
export const RING_CAPACITY = 1000;

/** The last {@linkcode RING_CAPACITY} events. Ids are consecutive, so an id tells the place. */
export class EventRing {
  readonly #events: NodeEvent[] = [];
  #last = 0;

  /** The id that the next event must have. */
  get nextId(): number {
    return this.#last + 1;
  }

  push(event: NodeEvent): void {
    this.#last = event.id;
    this.#events[(event.id - 1) % RING_CAPACITY] = event;
  }

  /** Kept events with an id above `id`, oldest first, of `types` only when given. */
  since(id: number, types?: readonly EventType[]): readonly NodeEvent[] {
    const wanted = types === undefined ? undefined : new Set<EventType>(types);
    const found: NodeEvent[] = [];
    const oldest = Math.max(1, this.#last - RING_CAPACITY + 1);
    const first = Number.isSafeInteger(id) ? Math.max(oldest, id + 1) : oldest;
    for (let at = first; at <= this.#last; at++) {
      const event = this.#events[(at - 1) % RING_CAPACITY];
      if (event !== undefined && (wanted === undefined || wanted.has(event.type))) found.push(event);
    }
    return found;
  }
}
