import { targetFromBits } from "../../core/base/mod.ts";
import { bitsFromTarget, type ChainParams } from "../../core/chain/mod.ts";

const PERIOD = 2_016;
const TWO_WEEKS = 1_209_600;

/** A block as the difficulty rules see it. */
export interface ModelBlock {
  readonly height: number;
  /** Unix seconds. */
  readonly time: number;
  readonly bits: number;
  readonly parent: ModelBlock | undefined;
}

/** The ancestor so many steps back, or the first block. */
export function walkBack<T extends { readonly parent: T | undefined }>(block: T, steps: number): T {
  let current = block;
  for (let i = 0; i < steps; i++) current = current.parent ?? current;
  return current;
}

/** Median time of the last eleven blocks. */
export function modelMedian(block: ModelBlock): number {
  const times: number[] = [];
  for (let current: ModelBlock | undefined = block; current && times.length < 11; current = current.parent) {
    times.push(current.time);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

/**
 * Bits that the block after `parent` must have at `time`, on networks with retargets: the rules in the plainest way, for
 * tests to compare with.
 */
export function modelBits(params: ChainParams, parent: ModelBlock, time: number): number {
  const { powLimitBits, minDifficultyBlocks, bip94 } = params;
  if ((parent.height + 1) % PERIOD !== 0) {
    if (!minDifficultyBlocks) return parent.bits;
    if (time > parent.time + 1_200) return powLimitBits;
    let last = parent;
    while (last.parent && last.height % PERIOD !== 0 && last.bits === powLimitBits) last = last.parent;
    return last.bits;
  }
  const first = walkBack(parent, PERIOD - 1);
  const span = BigInt(Math.max(TWO_WEEKS / 4, Math.min(TWO_WEEKS * 4, parent.time - first.time)));
  const old = targetFromBits(bip94 ? first.bits : parent.bits) ?? 0n;
  const limit = targetFromBits(powLimitBits) ?? 0n;
  const next = old * span / BigInt(TWO_WEEKS);
  return next > limit ? powLimitBits : bitsFromTarget(next);
}
