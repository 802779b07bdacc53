/** One thing to send. */
export interface OutboxItem<T> {
  readonly data: T;
  readonly bytes: number;
  /** May be dropped when there is no room: a newer one says it all. */
  readonly droppable: boolean;
  /** A later item with the same key takes this one's place in the queue's end. */
  readonly key?: string | undefined;
}

/** A place in the queue; the item goes when a later one of its key comes. */
interface Place<T> {
  item: OutboxItem<T> | undefined;
}

/** Empty places that are not worth cleaning up for. */
const SLACK = 64;

/** Queue of what waits for one client, bounded in bytes. */
export class Outbox<T> {
  readonly #maxBytes: number;
  readonly #onDrop: (data: T) => void;
  readonly #keyed = new Map<string, Place<T>>();
  #places: Place<T>[] = [];
  #head = 0;
  #bytes = 0;
  #length = 0;
  #dropped = 0;

  constructor(maxBytes: number, options: { readonly onDrop?: (data: T) => void } = {}) {
    this.#maxBytes = maxBytes;
    this.#onDrop = options.onDrop ?? (() => {});
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Items that were dropped, and those whose place a later one took. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds an item, dropping the oldest droppable ones for it; false when there is no room even so. */
  push(item: OutboxItem<T>): boolean {
    this.#supersede(item.key);
    if (this.#bytes + item.bytes > this.#maxBytes) this.#makeRoom(item.bytes);
    if (this.#bytes + item.bytes > this.#maxBytes) {
      if (!item.droppable) return false;
      this.#dropped++;
      this.#onDrop(item.data);
      return true;
    }
    const place = { item };
    this.#places.push(place);
    if (item.key !== undefined) this.#keyed.set(item.key, place);
    this.#bytes += item.bytes;
    this.#length++;
    return true;
  }

  shift(): T | undefined {
    while (this.#head < this.#places.length) {
      const place = this.#places[this.#head++];
      if (this.#head === this.#places.length || this.#head >= 256) {
        this.#places = this.#places.slice(this.#head);
        this.#head = 0;
      }
      const item = place?.item;
      if (place === undefined || item === undefined) continue;
      this.#take(place, item);
      return item.data;
    }
    return undefined;
  }

  clear(): void {
    this.#places = [];
    this.#keyed.clear();
    this.#head = 0;
    this.#bytes = 0;
    this.#length = 0;
  }

  #supersede(key: string | undefined): void {
    const place = key === undefined ? undefined : this.#keyed.get(key);
    if (place?.item === undefined) return;
    this.#drop(place, place.item);
    if (this.#places.length - this.#head > 2 * this.#length + SLACK) this.#makeRoom(0);
  }

  /** Lets the oldest droppable items go, and with them the places that were left empty. */
  #makeRoom(bytes: number): void {
    this.#places = this.#places.slice(this.#head).filter((place) => {
      const { item } = place;
      if (item === undefined) return false;
      if (!item.droppable || this.#bytes + bytes <= this.#maxBytes) return true;
      this.#drop(place, item);
      return false;
    });
    this.#head = 0;
  }

  #drop(place: Place<T>, item: OutboxItem<T>): void {
    this.#take(place, item);
    this.#dropped++;
    this.#onDrop(item.data);
  }

  #take(place: Place<T>, item: OutboxItem<T>): void {
    place.item = undefined;
    this.#bytes -= item.bytes;
    this.#length--;
    if (item.key !== undefined) this.#keyed.delete(item.key);
  }
}
