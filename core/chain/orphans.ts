import { HEADER_BYTES } from "../base/mod.ts";
import type { ChainState } from "./chain_state.ts";
import { previousAt, WORD, type Words, wordsOf } from "./record.ts";
import { isAbove } from "./targets.ts";

/** A header whose parent is not known yet. */
interface Orphan {
  readonly source: Words;
}

/**
 * Headers that wait for their parents; the oldest go first when it is full. Only such come in as cost their maker work:
 * about that of the best chain's headers, so that nobody fills it for nothing.
 */
export class Orphans {
  readonly #kept = new Map<string, Orphan>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Takes the header `index` of `source`, whose record is at `at` of `record`. False when it is not worth keeping. */
  offer(state: ChainState, header: { source: Words; index: number; record: Words; at: number }): boolean {
    const { source, index, record, at } = header;
    if (this.#max === 0 || !hasWork(state, record, at)) return false;
    const name = record.bytes.subarray(at * 4, at * 4 + 32).toHex();
    this.#kept.delete(name); // to the end of the queue
    const start = index * HEADER_BYTES;
    this.#kept.set(name, { source: wordsOf(source.bytes.subarray(start, start + HEADER_BYTES)) });
    if (this.#kept.size > this.#max) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    return true;
  }

  /** Takes out all whose parents are known now. */
  takeConnected(state: ChainState): Words[] {
    const found: Words[] = [];
    for (const [name, { source }] of this.#kept) {
      if (state.find(source.words, previousAt(0)) === -1) continue;
      this.#kept.delete(name);
      found.push(source);
    }
    return found;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** Proof of work for its own bits, and those not much easier than what the network works on. */
function hasWork({ targets, params, table, tip }: ChainState, record: Words, at: number): boolean {
  const target = targets.of(record.words[at + WORD.bits] ?? 0);
  const least = params.minDifficultyBlocks ? params.powLimitBits : table.word(tip, WORD.bits);
  const enough = params.minDifficultyBlocks ? targets.of(least).work : targets.of(least).work / 4n;
  return target.work >= enough && target.work > 0n && !isAbove(target, record.words, at);
}
