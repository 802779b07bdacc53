import type { ChainState } from "./chain_state.ts";
import { HeaderCursor } from "./header_cursor.ts";
import { MEDIAN_SPAN, RETARGET_INTERVAL } from "./params.ts";
import { RecentTimes } from "./recent_times.ts";
import { WORD } from "./record.ts";

/** A cursor that stands on `slot`. */
export function cursorAt(state: ChainState, slot: number): HeaderCursor {
  const { table, params, targets } = state;
  const height = table.height(slot);
  const start = state.ancestor(slot, height - height % RETARGET_INTERVAL);
  return new HeaderCursor({
    params,
    targets,
    height,
    time: table.word(slot, WORD.time),
    bits: table.word(slot, WORD.bits),
    work: state.workOf(slot),
    recent: new RecentTimes(lastTimes(state, slot), height),
    periodStart: start === -1
      ? undefined
      : { time: table.word(start, WORD.time), bits: table.word(start, WORD.bits) },
    regularBits: regularBits(state, slot),
  });
}

/** Times of the last headers up to `slot`, at most eleven, oldest first. */
export function lastTimes({ table }: ChainState, slot: number): number[] {
  const times = [table.word(slot, WORD.time)];
  for (let current = slot; current !== 0 && times.length < MEDIAN_SPAN;) {
    current = table.parent(current);
    times.push(table.word(current, WORD.time));
  }
  return times.reverse();
}

/** Walks back over headers that have the easiest target, at most to the start of the period. */
function regularBits({ table, params }: ChainState, slot: number): number {
  const { powLimitBits, minDifficultyBlocks, retargeting } = params;
  let current = slot;
  if (minDifficultyBlocks && retargeting) { // without retargeting every header has the easiest target
    while (
      current !== 0 && table.height(current) % RETARGET_INTERVAL !== 0 &&
      table.word(current, WORD.bits) === powLimitBits
    ) current = table.parent(current);
  }
  return table.word(current, WORD.bits);
}
