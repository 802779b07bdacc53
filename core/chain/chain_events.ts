import type { EventBus } from "../events/mod.ts";
import type { ChainState, TipChange } from "./chain_state.ts";
import { workHex } from "./compact.ts";
import { RETARGET_INTERVAL } from "./params.ts";
import { WORD } from "./record.ts";
import { hashOf } from "./views.ts";

/** Blocks of one change that are announced one by one: about a day; of more only the last is. */
export const MAX_ANNOUNCED_BLOCKS = 144;

/** Tells everybody how the best chain changed, in the order in which it did. */
export function publishChange(events: EventBus, state: ChainState, change: TipChange): void {
  const { table } = state;
  const { oldTip, newTip, disconnected } = change;
  for (const slot of disconnected) {
    events.publish("BlockDisconnected", { hash: hashOf(state, slot), height: table.height(slot) });
  }
  if (disconnected.length > 0) {
    events.publish("ChainReorg", { old_tip: hashOf(state, oldTip), new_tip: hashOf(state, newTip) });
  }
  for (const slot of announced(state, change)) {
    events.publish("NewBlock", { block_hash: hashOf(state, slot), height: table.height(slot) });
  }
  events.publish("ChainTipUpdated", {
    block_hash: hashOf(state, newTip),
    height: table.height(newTip),
    chainwork: workHex(state.workOf(newTip)),
    previous_hash: hashOf(state, table.parent(newTip)),
  });
  publishDifficulty(events, state, change);
}

/** New blocks of the best chain, oldest first. */
function announced({ table }: ChainState, { newTip, forkHeight }: TipChange): number[] {
  const count = table.height(newTip) - forkHeight;
  const slots = [newTip];
  if (count > MAX_ANNOUNCED_BLOCKS) return slots;
  for (let slot = newTip; slots.length < count;) {
    slot = table.parent(slot);
    slots.push(slot);
  }
  return slots.reverse();
}

/** Difficulty is far beyond 32 bits nowadays; what fits, and says it exactly, are the compact bits. */
function publishDifficulty(events: EventBus, state: ChainState, { newTip, forkHeight }: TipChange): void {
  const { table } = state;
  const tipHeight = table.height(newTip);
  const height = tipHeight - tipHeight % RETARGET_INTERVAL;
  if (height <= forkHeight) return;
  const first = state.ancestor(newTip, height);
  if (first <= 0) return; // the base itself
  const bits = table.word(first, WORD.bits);
  const before = table.word(table.parent(first), WORD.bits);
  if (bits === before) return;
  events.publish("DifficultyAdjusted", { old_difficulty: before, new_difficulty: bits, height });
}
