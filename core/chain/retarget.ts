import { targetFromBits } from "../base/mod.ts";
import { bitsFromTarget } from "./compact.ts";
import { TARGET_TIMESPAN } from "./params.ts";

/** What the next target follows from. */
export interface RetargetInput {
  /** Bits to start from: those of the period's last block, with BIP 94 those of its first. */
  readonly bits: number;
  /** Time of the period's first block. Of 2,016 blocks these are 2,015 steps: the well-known off-by-one. */
  readonly firstTime: number;
  /** Time of the period's last block. */
  readonly lastTime: number;
  readonly powLimitBits: number;
}

/**
 * Bits of the next period (Bitcoin Core `CalculateNextWorkRequired`). Its numbers end at 256 bits; those of no network
 * that has retargets come so far.
 */
export function retargetBits({ bits, firstTime, lastTime, powLimitBits }: RetargetInput): number {
  const span = Math.min(Math.max(lastTime - firstTime, TARGET_TIMESPAN / 4), TARGET_TIMESPAN * 4);
  const old = targetFromBits(bits) ?? 0n;
  const limit = targetFromBits(powLimitBits) ?? 0n;
  const next = old * BigInt(span) / BigInt(TARGET_TIMESPAN);
  return next > limit ? powLimitBits : bitsFromTarget(next);
}

/**
 * True when `next` could follow `bits` for some times: between a quarter and four times the target. For the first
 * change behind an anchor in the middle of a period, whose first header is not known.
 */
export function isPossibleRetarget(
  next: number,
  { bits, powLimitBits }: Pick<RetargetInput, "bits" | "powLimitBits">,
): boolean {
  const target = targetFromBits(next);
  const hardest = targetFromBits(retargetBits({ bits, firstTime: 0, lastTime: 0, powLimitBits }));
  const easiest = targetFromBits(
    retargetBits({ bits, firstTime: 0, lastTime: 4 * TARGET_TIMESPAN, powLimitBits }),
  );
  if (target === undefined || hardest === undefined || easiest === undefined) return false;
  return target >= hardest && target <= easiest;
}
