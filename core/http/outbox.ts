/** One thing to send. */
export interface OutboxItem<T> {
  readonly data: T;
  readonly bytes: number;
  /** May be dropped when there is no room: a newer one says it all. */
  readonly droppable: boolean;
}

/** Queue of what waits for one client, bounded in bytes. */
export class Outbox<T> {
  readonly #maxBytes: number;
  #items: OutboxItem<T>[] = [];
  #head = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Adds an item, dropping the oldest droppable ones for it; false when there is no room even so. */
  push(item: OutboxItem<T>): boolean {
    if (this.#bytes + item.bytes > this.#maxBytes) this.#makeRoom(item.bytes);
    if (this.#bytes + item.bytes > this.#maxBytes) {
      if (!item.droppable) return false;
      this.#dropped++;
      return true;
    }
    this.#items.push(item);
    this.#bytes += item.bytes;
    return true;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#bytes -= item.bytes;
    this.#head++;
    if (this.#head === this.#items.length || this.#head >= 256) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item.data;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #makeRoom(bytes: number): void {
    this.#items = this.#items.slice(this.#head).filter((item) => {
      if (!item.droppable || this.#bytes + bytes <= this.#maxBytes) return true;
      this.#bytes -= item.bytes;
      this.#dropped++;
      return false;
    });
    this.#head = 0;
  }
}
