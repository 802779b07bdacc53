import type { Targets } from "./targets.ts";

/** Adds up work. Headers in a row with the same bits are counted, so that a big number is made once for all of them. */
export class WorkSum {
  readonly #targets: Targets;
  #base: bigint;
  #bits = 0;
  #count = 0;

  constructor(targets: Targets, base: bigint) {
    this.#targets = targets;
    this.#base = base;
  }

  add(bits: number): void {
    if (bits !== this.#bits) {
      this.#settle();
      this.#bits = bits;
    }
    this.#count++;
  }

  value(): bigint {
    this.#settle();
    return this.#base;
  }

  /** Starts again at `base`. */
  reset(base: bigint): void {
    this.#base = base;
    this.#count = 0;
  }

  #settle(): void {
    if (this.#count > 0) this.#base += this.#targets.of(this.#bits).work * BigInt(this.#count);
    this.#count = 0;
  }
}
