import type { MempoolEntry } from "../source_types.ts";

/** Each class of rates is 2 % wider than the one before. */
const STEP = Math.log(1.02);
/** Rates below 0.01 sat/vB share the first class, those above ten million the last. */
const FIRST = Math.floor(Math.log(0.01) / STEP);
const CLASSES = Math.ceil(Math.log(1e7) / STEP) - FIRST + 1;

/** Virtual bytes of transactions by their fee rate: adding, taking away and asking cost the same at any size. */
export class FeeHistogram {
  /** Whole numbers, so that what is taken away leaves nothing behind. */
  readonly #vbytes = new Float64Array(CLASSES);

  add(entry: MempoolEntry): void {
    this.#change(entry, entry.vsize);
  }

  remove(entry: MempoolEntry): void {
    this.#change(entry, -entry.vsize);
  }

  /**
   * Rate in sat/vB that is just above the last of the best `vbytes`; `undefined` when there are fewer. Each transaction
   * counts by its own fee: what a child pays for its parent is not seen.
   */
  rateBehind(vbytes: number): number | undefined {
    let sum = 0;
    for (let i = CLASSES - 1; i >= 0; i--) {
      sum += this.#vbytes[i] ?? 0;
      if (sum >= vbytes) return Math.exp((i + 1 + FIRST) * STEP);
    }
    return undefined;
  }

  #change(entry: MempoolEntry, vbytes: number): void {
    const index = Math.floor(Math.log(feeRate(entry)) / STEP) - FIRST;
    const at = Math.min(CLASSES - 1, Math.max(0, index)); // a fee of 0 has the logarithm -Infinity
    this.#vbytes[at] = (this.#vbytes[at] ?? 0) + vbytes;
  }
}

/** sat/vB. */
export function feeRate({ feeSats, vsize }: MempoolEntry): number {
  return Number(feeSats) / vsize;
}
