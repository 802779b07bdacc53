import type { HeaderTable } from "./header_table.ts";
import { HASH_WORDS } from "./record.ts";

const FIRST_CAPACITY = 1 << 12;

/**
 * Slots by hash: open addressing over the table's own hashes, at most half full. `salt` is this process's secret, so that
 * nobody can mine headers that all fall into one place.
 */
export class HashIndex {
  readonly #table: HeaderTable;
  readonly #salt: number;
  /** Slot + 1; 0 is free. */
  #places = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  constructor(table: HeaderTable, salt: number) {
    this.#table = table;
    this.#salt = salt | 1;
  }

  /** Makes room for `count` slots at once. */
  reserve(count: number): void {
    let capacity = this.#places.length;
    while (capacity < count * 2) capacity *= 2;
    if (capacity !== this.#places.length) this.#rebuild(capacity);
  }

  /** Slot of the hash at `at` of `words`, or -1. */
  find(words: Uint32Array, at: number): number {
    const mask = this.#places.length - 1;
    for (let place = this.#place(words, at) & mask;; place = (place + 1) & mask) {
      const entry = this.#places[place] ?? 0;
      if (entry === 0) return -1;
      if (this.#equals(entry - 1, words, at)) return entry - 1;
    }
  }

  /** Adds a slot whose hash is not in it yet. */
  add(slot: number): void {
    if ((this.#size + 1) * 2 > this.#places.length) this.#rebuild(this.#places.length * 2);
    this.#put(slot);
    this.#size++;
  }

  get byteLength(): number {
    return this.#places.byteLength;
  }

  #put(slot: number): void {
    const mask = this.#places.length - 1;
    let place = this.#place(this.#table.segment(slot).words, this.#table.at(slot)) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = slot + 1;
  }

  #rebuild(capacity: number): void {
    const old = this.#places;
    this.#places = new Uint32Array(capacity);
    for (const entry of old) if (entry !== 0) this.#put(entry - 1);
  }

  /** The low words of a hash are as good as random also when its high ones are zero. */
  #place(words: Uint32Array, at: number): number {
    const mixed = Math.imul((words[at] ?? 0) ^ this.#salt, 0x9e3779b1) ^
      Math.imul((words[at + 1] ?? 0) + this.#salt, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  #equals(slot: number, words: Uint32Array, at: number): boolean {
    const own = this.#table.segment(slot).words;
    const from = this.#table.at(slot);
    for (let i = 0; i < HASH_WORDS; i++) if (own[from + i] !== words[at + i]) return false;
    return true;
  }
}
