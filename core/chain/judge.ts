import type { ChainState, TipChange } from "./chain_state.ts";
import type { HeaderFault } from "./fault.ts";
import type { HeaderTable } from "./header_table.ts";
import type { Orphans } from "./orphans.ts";
import { isChildOf, previousAt, WORD, type Words, writeRecord } from "./record.ts";

/** One header of a batch that was not taken. */
export interface RejectedHeader {
  /** Its place in the batch, from 0. */
  readonly index: number;
  readonly code: HeaderFault;
}

/** What became of some headers. */
export interface Judgement {
  accepted: number;
  duplicate: number;
  readonly rejected: RejectedHeader[];
  readonly changes: TipChange[];
}

export interface JudgeOptions {
  /** The headers of the batch to look at. */
  readonly from: number;
  readonly to: number;
  /** Latest time that a header may have, in Unix seconds. */
  readonly latestTime: number;
  /** Whether chains with too little work are stored. */
  readonly lowWork: "store" | "refuse";
  readonly maxStale: number;
  /** Where headers without a parent wait; absent when they shall not. */
  readonly orphans?: Orphans | undefined;
}

/** Blocks that a branch may be behind the tip in work and still be stored for a stranger (as in Bitcoin Core). */
const NEAR_TIP_BLOCKS = 144n;

/** A record in the scratch room behind the table's end; one object for all headers of a batch. */
class Scratch implements Words {
  readonly #table: HeaderTable;
  words: Words["words"];
  bytes: Words["bytes"];
  at: number;

  constructor(table: HeaderTable) {
    this.#table = table;
    const segment = table.segment(table.length);
    this.words = segment.words;
    this.bytes = segment.bytes;
    this.at = table.at(table.length);
  }

  move(slot: number): void {
    const segment = this.#table.segment(slot);
    this.words = segment.words;
    this.bytes = segment.bytes;
    this.at = this.#table.at(slot);
  }
}

/** Judges headers one run (each the child of the one before) after the other, and takes those that are right. */
export function judgeHeaders(state: ChainState, source: Words, options: JudgeOptions): Judgement {
  const judgement: Judgement = { accepted: 0, duplicate: 0, rejected: [], changes: [] };
  const scratch = new Scratch(state.table);
  let index = options.from;
  while (index < options.to) {
    scratch.move(state.length);
    writeRecord(source, index, scratch);
    if (state.find(scratch.words, scratch.at) !== -1) {
      judgement.duplicate++;
      index++;
      continue;
    }
    const parent = state.find(source.words, previousAt(index));
    if (parent !== -1) index = judgeRun(state, source, { ...options, index, parent, scratch, judgement });
    else {
      options.orphans?.offer(state, { source, index, record: scratch, at: scratch.at });
      judgement.rejected.push({ index: index++, code: "UNKNOWN_PARENT" });
    }
  }
  return judgement;
}

interface RunOptions extends JudgeOptions {
  /** First header of the run; its record is in the scratch room. */
  readonly index: number;
  readonly parent: number;
  readonly scratch: Scratch;
  readonly judgement: Judgement;
}

/** Judges one run and answers the index behind it. */
function judgeRun(state: ChainState, source: Words, options: RunOptions): number {
  const { parent, scratch, judgement, to } = options;
  const cursor = state.takeCursor(parent);
  cursor.latestTime = options.latestTime;
  const firstSlot = state.length;
  let slot = firstSlot;
  let index = options.index;
  let fault: HeaderFault | undefined;
  for (;;) {
    fault = cursor.fault(scratch.words, scratch.at);
    if (fault !== undefined) break;
    cursor.push(scratch.words, scratch.at);
    slot++;
    index++;
    if (index === to || !isChildOf(source, index, scratch)) break;
    scratch.move(slot);
    writeRecord(source, index, scratch);
  }
  const count = slot - firstSlot;
  const refusal = count === 0 ? undefined : storeFault(state, { ...options, count, work: cursor.work });
  if (refusal !== undefined) {
    for (let i = options.index; i < index; i++) judgement.rejected.push({ index: i, code: refusal });
  } else if (count > 0) {
    const change = state.extend(parent, { end: slot, cursor });
    if (change !== undefined) judgement.changes.push(change);
    judgement.accepted += count;
  }
  if (fault !== undefined) judgement.rejected.push({ index: index++, code: fault });
  return index;
}

/** Least work of a chain that is stored for a stranger. */
export function leastWork({ params, table, tip, tipWork, targets }: ChainState): bigint {
  const near = tipWork - NEAR_TIP_BLOCKS * targets.of(table.word(tip, WORD.bits)).work;
  return near > params.minimumChainWork ? near : params.minimumChainWork;
}

/** Why headers that are right are not stored all the same. What becomes the best chain always is, if it has enough work. */
function storeFault(
  state: ChainState,
  { lowWork, maxStale, count, work }: JudgeOptions & { readonly count: number; readonly work: bigint },
): HeaderFault | undefined {
  if (lowWork === "refuse" && work < leastWork(state)) return "LOW_WORK";
  if (work <= state.tipWork && state.staleCount + count > maxStale) return "TOO_MANY_STALE";
  return undefined;
}
