import { RECORD_WORDS, roomForWords, type WORD, type Words } from "./record.ts";

const SEGMENT_BITS = 14;
/** Records of one segment: 1.3 MB. */
const SEGMENT_RECORDS = 1 << SEGMENT_BITS;

/** Memory of some records and what belongs to them. */
export interface Segment extends Words {
  readonly parents: Uint32Array<ArrayBuffer>;
  readonly heights: Uint32Array<ArrayBuffer>;
}

/**
 * All known headers in the order in which they came, each in a numbered slot; parents come before their children. 88
 * bytes a header, in large pieces that are never moved.
 */
export class HeaderTable {
  readonly #segments: Segment[] = [];
  /** Slots in use. What lies behind is scratch room for headers that are being judged. */
  length = 0;

  /** Where the record of `slot` is; made when it is not there yet. */
  segment(slot: number): Segment {
    const index = slot >>> SEGMENT_BITS;
    while (this.#segments.length <= index) {
      this.#segments.push({
        ...roomForWords(SEGMENT_RECORDS * RECORD_WORDS),
        parents: new Uint32Array(SEGMENT_RECORDS),
        heights: new Uint32Array(SEGMENT_RECORDS),
      });
    }
    const segment = this.#segments[index];
    if (segment === undefined) throw new RangeError(`Cannot read slot ${slot}: no such slot`);
    return segment;
  }

  /** Where in its segment the record of `slot` begins, in words. */
  at(slot: number): number {
    return this.index(slot) * RECORD_WORDS;
  }

  /** Where in its segment `slot` has its parent and its height. */
  index(slot: number): number {
    return slot & (SEGMENT_RECORDS - 1);
  }

  parent(slot: number): number {
    return this.segment(slot).parents[this.index(slot)] ?? 0;
  }

  height(slot: number): number {
    return this.segment(slot).heights[this.index(slot)] ?? 0;
  }

  /** Sets where `slot` hangs. */
  link(slot: number, { parent, height }: { readonly parent: number; readonly height: number }): void {
    const segment = this.segment(slot);
    const index = this.index(slot);
    segment.parents[index] = parent;
    segment.heights[index] = height;
  }

  word(slot: number, word: typeof WORD[keyof typeof WORD]): number {
    return this.segment(slot).words[this.at(slot) + word] ?? 0;
  }

  /** The hash of `slot` in wire order; a view, not a copy. */
  hash(slot: number): Uint8Array<ArrayBuffer> {
    const start = this.at(slot) * 4;
    return this.segment(slot).bytes.subarray(start, start + 32);
  }

  /** The whole record of `slot`; a view, not a copy. */
  record(slot: number): Uint8Array<ArrayBuffer> {
    const start = this.at(slot) * 4;
    return this.segment(slot).bytes.subarray(start, start + RECORD_WORDS * 4);
  }

  /** Bytes that it holds. */
  get byteLength(): number {
    return this.#segments.length * SEGMENT_RECORDS * (RECORD_WORDS * 4 + 8);
  }

  /** Gives the memory of slots that are not in use back, but for one segment. */
  trim(): void {
    this.#segments.length = Math.min(this.#segments.length, (this.length >>> SEGMENT_BITS) + 1);
  }
}
