const FIRST_CAPACITY = 4_096;

/** Slots of the best chain by height, from the first known header on. */
export class ActiveChain {
  /** Height of the first known header: 0, or the anchor's. */
  readonly baseHeight: number;
  #slots = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  constructor(baseHeight: number) {
    this.baseHeight = baseHeight;
  }

  /** How many headers it has. */
  get length(): number {
    return this.#length;
  }

  get tipHeight(): number {
    return this.baseHeight + this.#length - 1;
  }

  /** Slot at `height`, or -1. */
  slotAt(height: number): number {
    const index = height - this.baseHeight;
    return index >= 0 && index < this.#length ? this.#slots[index] ?? -1 : -1;
  }

  /** Cuts off what is above `height`. */
  cut(height: number): void {
    this.#length = Math.max(0, Math.min(this.#length, height - this.baseHeight + 1));
  }

  /** Makes it as long as `height` says; the new places are filled with {@linkcode place}. */
  grow(height: number): void {
    const length = height - this.baseHeight + 1;
    if (length > this.#slots.length) {
      const wider = new Uint32Array(Math.max(length, this.#slots.length * 2));
      wider.set(this.#slots);
      this.#slots = wider;
    }
    this.#length = length;
  }

  place(height: number, slot: number): void {
    this.#slots[height - this.baseHeight] = slot;
  }

  get byteLength(): number {
    return this.#slots.byteLength;
  }
}
