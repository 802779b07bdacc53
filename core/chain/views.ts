import { displayHash, type HashHex, HEADER_BYTES } from "../base/mod.ts";
import type { ChainState } from "./chain_state.ts";
import { workHex } from "./compact.ts";
import { lastTimes } from "./cursor_at.ts";
import { RecentTimes } from "./recent_times.ts";
import { HASH_WORDS, WORD, wordsOf } from "./record.ts";
import type { ChainTip, HeaderView, StaleTip } from "./types.ts";

const MAX_STALE_TIPS = 100;
const HASH_BYTES = HASH_WORDS * 4;
/** Hashes of a locator that lie side by side. */
const DENSE_LOCATOR = 10;

export function hashOf({ table }: ChainState, slot: number): HashHex {
  return displayHash(table.hash(slot));
}

/** Slot of a hash, or -1. */
export function slotOf(state: ChainState, hash: HashHex): number {
  return state.find(wordsOf(Uint8Array.fromHex(hash).reverse()).words, 0);
}

export function tipView(state: ChainState, slot: number): ChainTip {
  const { table } = state;
  return {
    hash: hashOf(state, slot),
    height: table.height(slot),
    chainwork: workHex(state.workOf(slot)),
    time: table.word(slot, WORD.time),
    bits: table.word(slot, WORD.bits),
  };
}

export function headerView(state: ChainState, slot: number): HeaderView {
  const { table, active } = state;
  const tip = tipView(state, slot);
  const raw = new Uint8Array(HEADER_BYTES);
  writeHeader(state, slot, raw);
  const next = state.isActive(slot) ? active.slotAt(tip.height + 1) : -1;
  return {
    ...tip,
    version: table.word(slot, WORD.version) | 0,
    previousHash: displayHash(raw.subarray(4, 36)),
    merkleRoot: displayHash(raw.subarray(36, 68)),
    nonce: table.word(slot, WORD.nonce),
    medianTime: new RecentTimes(lastTimes(state, slot), medianHeight(state, tip.height)).median(),
    confirmations: state.isActive(slot) ? active.tipHeight - tip.height + 1 : -1,
    ...(next !== -1 && { nextHash: hashOf(state, next) }),
    raw,
  };
}

/** Behind an anchor only known times count for what is shown. */
function medianHeight({ base }: ChainState, height: number): number {
  return height - base.height;
}

/** Headers of the best chain as they are on the wire. */
export function headerRange(state: ChainState, { from, count }: { from: number; count: number }) {
  const first = Math.max(from, state.active.baseHeight);
  const end = Math.min(from + count, state.active.tipHeight + 1);
  const bytes = new Uint8Array(Math.max(0, end - first) * HEADER_BYTES);
  for (let height = first; height < end; height++) {
    const start = (height - first) * HEADER_BYTES;
    writeHeader(state, state.active.slotAt(height), bytes.subarray(start, start + HEADER_BYTES));
  }
  return bytes;
}

/** Writes the 80 bytes of a header: its record with the parent's hash in place of its own. */
function writeHeader({ table, base }: ChainState, slot: number, out: Uint8Array): void {
  if (slot === 0) return out.set(base.header);
  const record = table.record(slot);
  out.set(record.subarray(HASH_BYTES, HASH_BYTES + 4));
  out.set(table.hash(table.parent(slot)), 4);
  out.set(record.subarray(HASH_BYTES + 4), 4 + HASH_BYTES);
}

export function locatorOf(state: ChainState): HashHex[] {
  const { active } = state;
  const hashes: HashHex[] = [];
  let step = 1;
  for (let height = active.tipHeight; height > active.baseHeight; height -= step) {
    hashes.push(hashOf(state, active.slotAt(height)));
    if (hashes.length >= DENSE_LOCATOR) step *= 2;
  }
  hashes.push(hashOf(state, 0));
  return hashes;
}

export function staleTipViews(state: ChainState): StaleTip[] {
  return state.staleTips()
    .map((slot) => ({ slot, work: state.workOf(slot) }))
    .sort((a, b) => a.work === b.work ? a.slot - b.slot : a.work > b.work ? -1 : 1)
    .slice(0, MAX_STALE_TIPS)
    .map(({ slot, work }) => ({
      hash: hashOf(state, slot),
      height: state.table.height(slot),
      chainwork: workHex(work),
      branchLength: branchLength(state, slot),
    }));
}

function branchLength(state: ChainState, slot: number): number {
  let length = 0;
  for (let current = slot; !state.isActive(current); current = state.table.parent(current)) length++;
  return length;
}
