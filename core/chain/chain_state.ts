import { ActiveChain } from "./active_chain.ts";
import { cursorAt } from "./cursor_at.ts";
import { HashIndex } from "./hash_index.ts";
import type { HeaderCursor } from "./header_cursor.ts";
import { HeaderTable } from "./header_table.ts";
import type { ChainParams } from "./params.ts";
import { WORD, type Words } from "./record.ts";
import { Targets } from "./targets.ts";
import { WorkSum } from "./work_sum.ts";

/** Where a chain begins: the genesis header, or an anchor that the operator trusts. */
export interface ChainBase {
  readonly height: number;
  /** 80 bytes. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Work of the chain up to and with it. */
  readonly work: bigint;
}

/** How the best chain changed. Slots stay valid: nothing is ever removed. */
export interface TipChange {
  readonly oldTip: number;
  readonly newTip: number;
  /** Height of the last header that both have. */
  readonly forkHeight: number;
  /** Slots that are not on the best chain any more, newest first. */
  readonly disconnected: readonly number[];
}

/** Every so many heights of a branch its work is kept, so that that of any header is near. */
const WORK_STEP = 512;

/** Everything about the chain that is in memory: all headers, which of them are on the best chain, and their work. */
export class ChainState {
  readonly params: ChainParams;
  readonly base: ChainBase;
  readonly table = new HeaderTable();
  readonly active: ActiveChain;
  readonly targets = new Targets();
  readonly #index: HashIndex;
  readonly #works = new Map<number, bigint>();
  /** Last headers of branches, the best chain's too. */
  readonly #leaves = new Set<number>();
  #tip = 0;
  #tipWork: bigint;
  /** The cursor of the slot that was added last. */
  #cursor: { readonly slot: number; readonly cursor: HeaderCursor } | undefined;

  /** An empty state; slot 0 must be filled with the base's record, by {@linkcode begin} or from the store. */
  constructor(params: ChainParams, { base, salt }: { readonly base: ChainBase; readonly salt: number }) {
    this.params = params;
    this.base = base;
    this.active = new ActiveChain(base.height);
    this.#index = new HashIndex(this.table, salt);
    this.#tipWork = base.work;
  }

  get tip(): number {
    return this.#tip;
  }

  get tipWork(): bigint {
    return this.#tipWork;
  }

  get length(): number {
    return this.table.length;
  }

  get staleCount(): number {
    return this.table.length - this.active.length;
  }

  get byteLength(): number {
    return this.table.byteLength + this.#index.byteLength + this.active.byteLength;
  }

  /** Slot of the hash that begins at `at` of `words`, or -1. */
  find(words: Uint32Array, at: number): number {
    return this.#index.find(words, at);
  }

  isActive(slot: number): boolean {
    return this.active.slotAt(this.table.height(slot)) === slot;
  }

  /** The header of `slot` that is `height` high on its branch, or -1 when it lies before the base. */
  ancestor(slot: number, height: number): number {
    if (height < this.base.height || height > this.table.height(slot)) return -1;
    let current = slot;
    while (this.table.height(current) > height && !this.isActive(current)) {
      current = this.table.parent(current);
    }
    return this.table.height(current) === height ? current : this.active.slotAt(height);
  }

  /** A cursor at `slot`. The caller may move it; it is not given out again unless {@linkcode extend} takes it back. */
  takeCursor(slot: number): HeaderCursor {
    const kept = this.#cursor;
    this.#cursor = undefined;
    return kept?.slot === slot ? kept.cursor : cursorAt(this, slot);
  }

  /** Work of the chain up to and with `slot`. */
  workOf(slot: number): bigint {
    if (slot === this.#tip) return this.#tipWork;
    const sum = new WorkSum(this.targets, 0n);
    for (let current = slot;; current = this.table.parent(current)) {
      const known = current === 0 ? this.base.work : this.#works.get(current);
      if (known !== undefined) return known + sum.value();
      sum.add(this.table.word(current, WORD.bits));
    }
  }

  /** Fills slot 0 of a new chain. */
  begin(record: Words): void {
    const segment = this.table.segment(0);
    segment.bytes.set(record.bytes.subarray(0, 80));
    this.table.link(0, { parent: 0, height: this.base.height });
    this.table.length = 1;
    this.finishLoad();
  }

  /**
   * Takes the judged headers of the scratch room up to slot `end` (exclusive), each the child of the one before, the
   * first a child of `parent`; `cursor` stands on the last. Answers the change of the best chain, if there is one.
   */
  extend(parent: number, { end, cursor }: { end: number; cursor: HeaderCursor }): TipChange | undefined {
    const first = this.table.length;
    const height = this.table.height(parent);
    const work = new WorkSum(this.targets, this.workOf(parent));
    for (let slot = first; slot < end; slot++) {
      this.table.link(slot, {
        parent: slot === first ? parent : slot - 1,
        height: height + 1 + slot - first,
      });
      work.add(this.table.word(slot, WORD.bits));
      this.#index.add(slot);
      if (this.table.height(slot) % WORK_STEP === 0) this.#works.set(slot, work.value());
    }
    this.table.length = end;
    this.#leaves.delete(parent);
    this.#leaves.add(end - 1);
    this.#cursor = { slot: end - 1, cursor };
    return this.#activate(end - 1, work.value());
  }

  /** Last headers of the branches that are not the best chain. */
  staleTips(): number[] {
    return [...this.#leaves].filter((slot) => slot !== this.#tip);
  }

  /** After `table` was filled from the store: everything that follows from it. */
  finishLoad(): void {
    const { table } = this;
    this.#index.reserve(table.length);
    this.#index.add(0);
    const work = new WorkSum(this.targets, this.base.work);
    let best = 0;
    for (let slot = 1; slot < table.length; slot++) {
      const parent = table.parent(slot);
      this.#index.add(slot);
      if (parent !== slot - 1) {
        this.#leaves.add(slot - 1);
        this.#leaves.delete(parent);
        work.reset(this.workOf(parent));
      }
      work.add(table.word(slot, WORD.bits));
      if (table.height(slot) % WORK_STEP === 0) this.#works.set(slot, work.value());
      if (parent === best) best = slot; // one more on the best chain: no need to compare
      else if (work.value() > this.workOf(best)) best = slot;
    }
    this.#leaves.add(table.length - 1);
    const bestWork = this.workOf(best);
    this.active.grow(this.base.height);
    this.active.place(this.base.height, 0);
    this.#tip = 0;
    this.#tipWork = this.base.work;
    this.#activate(best, bestWork);
  }

  /** Makes `slot` the tip when its chain has more work: of equal ones the first seen stays. */
  #activate(slot: number, work: bigint): TipChange | undefined {
    if (work <= this.#tipWork) return undefined;
    const oldTip = this.#tip;
    const oldHeight = this.table.height(oldTip);
    let fork = slot;
    while (!this.isActive(fork)) fork = this.table.parent(fork);
    const forkHeight = this.table.height(fork);
    const disconnected: number[] = [];
    for (let height = oldHeight; height > forkHeight; height--) disconnected.push(this.active.slotAt(height));
    this.active.cut(forkHeight);
    this.active.grow(this.table.height(slot));
    for (let current = slot; current !== fork; current = this.table.parent(current)) {
      this.active.place(this.table.height(current), current);
    }
    this.#tip = slot;
    this.#tipWork = work;
    return { oldTip, newTip: slot, forkHeight, disconnected };
  }
}
