import { HEADER_BYTES, writeDoubleSha256 } from "../base/mod.ts";

/**
 * A header in memory is a record of 80 bytes, as 20 little-endian words: its own hash in place of its parent's (which
 * the parent's record has), the rest as it is on the wire.
 */
export const RECORD_WORDS = HEADER_BYTES / 4;
/** Where a record (and a header) has its fields, in words. The hash begins at 0. */
export const WORD = Object.freeze({ version: 8, merkleRoot: 9, time: 17, bits: 18, nonce: 19 });
/** Where a header on the wire has its parent's hash. */
const PREVIOUS_WORD = 1;
/** Words of a hash. */
export const HASH_WORDS = 8;

/** Bytes and, on the same memory, little-endian words. */
export interface Words {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
}

/** Room for `count` words. */
export function roomForWords(count: number): Words {
  const words = new Uint32Array(count);
  return { words, bytes: new Uint8Array(words.buffer) };
}

/** A copy of whole headers that can be read as words. */
export function wordsOf(headers: Uint8Array): Words {
  const copy = roomForWords(headers.length / 4);
  copy.bytes.set(headers);
  return copy;
}

/** Hashes the header `index` of `source` and writes its record to `at` (in words) of `target`. */
export function writeRecord(source: Words, index: number, target: Words & { at: number }): void {
  const from = index * RECORD_WORDS;
  const header = source.bytes.subarray(from * 4, from * 4 + HEADER_BYTES);
  writeDoubleSha256(header, target.bytes, target.at * 4);
  target.words[target.at + WORD.version] = source.words[from] ?? 0;
  for (let i = WORD.merkleRoot; i < RECORD_WORDS; i++) {
    target.words[target.at + i] = source.words[from + i] ?? 0;
  }
}

/** True when the header `index` of `source` names the record at `at` of `words` as its parent. */
export function isChildOf(source: Words, index: number, parent: { words: Uint32Array; at: number }): boolean {
  const from = index * RECORD_WORDS + PREVIOUS_WORD;
  for (let i = 0; i < HASH_WORDS; i++) {
    if (source.words[from + i] !== parent.words[parent.at + i]) return false;
  }
  return true;
}

/** Where in `source.words` the header `index` has its parent's hash. */
export function previousAt(index: number): number {
  return index * RECORD_WORDS + PREVIOUS_WORD;
}
