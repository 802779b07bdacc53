import { maskWord, maskWords, type Words } from "./address.ts";

interface Slot<T> {
  readonly words: Words;
  readonly value: T;
}

/**
 * Values by network. Looking up costs one map access for each prefix length in use and allocates nothing, so that it can
 * be asked of every connection and request.
 */
export class PrefixTable<T> {
  /** By prefix length; hash of the masked words to slots. */
  readonly #tables = new Map<number, Map<number, readonly Slot<T>[]>>();
  /** Prefix lengths in use, longest first. */
  #lengths: readonly number[] = [];

  get empty(): boolean {
    return this.#lengths.length === 0;
  }

  set(words: Words, length: number, value: T): void {
    this.delete(words, length);
    let table = this.#tables.get(length);
    if (table === undefined) {
      this.#tables.set(length, table = new Map());
      this.#lengths = [...this.#tables.keys()].sort((a, b) => b - a);
    }
    const masked = maskWords(words, length);
    const hash = hashOf(masked, length);
    table.set(hash, [...table.get(hash) ?? [], { words: masked, value }]);
  }

  delete(words: Words, length: number): void {
    const table = this.#tables.get(length);
    const hash = hashOf(words, length);
    const slots = table?.get(hash);
    if (table === undefined || slots === undefined) return;
    const rest = slots.filter((slot) => !isIn(words, slot.words, length));
    if (rest.length > 0) table.set(hash, rest);
    else table.delete(hash);
    if (table.size > 0) return;
    this.#tables.delete(length);
    this.#lengths = this.#lengths.filter((other) => other !== length);
  }

  /**
   * The value of the longest network of at most `longest` bits that has the address in it and whose value is one that
   * `holds`.
   */
  find(words: Words, longest: number, holds: (value: T) => boolean): T | undefined {
    for (const length of this.#lengths) {
      if (length > longest) continue;
      const slots = this.#tables.get(length)?.get(hashOf(words, length));
      if (slots === undefined) continue;
      for (const slot of slots) {
        if (isIn(words, slot.words, length) && holds(slot.value)) return slot.value;
      }
    }
    return undefined;
  }
}

/** True when the first `length` bits of `words` are `masked`. */
function isIn(words: Words, masked: Words, length: number): boolean {
  return maskWord(words[0], length) === masked[0] && maskWord(words[1], length - 32) === masked[1] &&
    maskWord(words[2], length - 64) === masked[2] && maskWord(words[3], length - 96) === masked[3];
}

/** Hash of the first `length` bits; collisions only cost a comparison. */
function hashOf(words: Words, length: number): number {
  let hash = Math.imul(maskWord(words[0], length), 0x9e37_79b1);
  hash = Math.imul(hash ^ hash >>> 15 ^ maskWord(words[1], length - 32), 0x85eb_ca77);
  hash = Math.imul(hash ^ hash >>> 15 ^ maskWord(words[2], length - 64), 0xc2b2_ae3d);
  hash = Math.imul(hash ^ hash >>> 15 ^ maskWord(words[3], length - 96), 0x27d4_eb2f);
  return hash ^ hash >>> 15;
}
