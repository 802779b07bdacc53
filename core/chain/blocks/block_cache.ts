import type { HashHex } from "../../base/mod.ts";
import type { Block } from "../../bitcoin/mod.ts";

/** Bytes that a transaction takes in memory besides its own, roughly. */
const TRANSACTION_BYTES = 1_000;
/** The same for an input or output. */
const PART_BYTES = 400;

/** Verified blocks, as many as fit; the one that was not asked for the longest goes first. */
export class BlockCache {
  readonly #capacity: number;
  readonly #blocks = new Map<HashHex, { readonly block: Block; readonly cost: number }>();
  #bytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Memory of what is held, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#blocks.size;
  }

  get(hash: HashHex): Block | undefined {
    const entry = this.#blocks.get(hash);
    if (entry === undefined) return undefined;
    this.#blocks.delete(hash);
    this.#blocks.set(hash, entry); // the last to go now
    return entry.block;
  }

  add(block: Block): void {
    const cost = costOf(block);
    if (cost > this.#capacity || this.#blocks.has(block.hash)) return;
    this.#blocks.set(block.hash, { block, cost });
    this.#bytes += cost;
    for (const [hash, oldest] of this.#blocks) {
      if (this.#bytes <= this.#capacity) break;
      this.#blocks.delete(hash);
      this.#bytes -= oldest.cost;
    }
  }

  clear(): void {
    this.#blocks.clear();
    this.#bytes = 0;
  }
}

function costOf(block: Block): number {
  const parts = block.transactions.reduce(
    (sum, { inputs, outputs }) => sum + inputs.length + outputs.length,
    0,
  );
  return block.raw.length + block.transactions.length * TRANSACTION_BYTES + parts * PART_BYTES;
}
