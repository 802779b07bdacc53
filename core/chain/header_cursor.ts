import type { RuleFault } from "./fault.ts";
import { type ChainParams, MAX_TIMEWARP_SECONDS, RETARGET_INTERVAL, TARGET_SPACING } from "./params.ts";
import type { RecentTimes } from "./recent_times.ts";
import { WORD } from "./record.ts";
import { isPossibleRetarget, retargetBits } from "./retarget.ts";
import { isAbove, type Targets } from "./targets.ts";
import { WorkSum } from "./work_sum.ts";

/** What the check of a next header needs to know of those before it. */
export interface CursorInit {
  readonly params: ChainParams;
  readonly targets: Targets;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  /** Work of the chain up to here. */
  readonly work: bigint;
  readonly recent: RecentTimes;
  /** The period's first header; `undefined` when it lies before the anchor. */
  readonly periodStart: { readonly time: number; readonly bits: number } | undefined;
  /** Bits of the last header in the period that is not there by the 20-minute rule. */
  readonly regularBits: number;
}

/**
 * A place in a chain, and all that the rules need to judge the next header: a few numbers, whatever the chain's length.
 * Judges records and moves over them; whether a record's parent is the one it stands on is the caller's business.
 */
export class HeaderCursor {
  readonly #params: ChainParams;
  readonly #targets: Targets;
  readonly #recent: RecentTimes;
  readonly #work: WorkSum;
  #height: number;
  #time: number;
  #bits: number;
  #regularBits: number;
  #periodStart: CursorInit["periodStart"];
  /** Bits of the next period, once its eve is reached. */
  #nextPeriodBits: number | undefined;
  /** Latest time that a header may have, in Unix seconds. */
  latestTime = 0;

  constructor(init: CursorInit) {
    this.#params = init.params;
    this.#targets = init.targets;
    this.#recent = init.recent;
    this.#work = new WorkSum(init.targets, init.work);
    this.#height = init.height;
    this.#time = init.time;
    this.#bits = init.bits;
    this.#regularBits = init.regularBits;
    this.#periodStart = init.periodStart;
    this.#prepareRetarget();
  }

  get height(): number {
    return this.#height;
  }

  /** Work of the chain up to and with the header that it stands on. */
  get work(): bigint {
    return this.#work.value();
  }

  get medianTime(): number {
    return this.#recent.median();
  }

  /** Why the record at `at` of `words` may not come next, or `undefined`. */
  fault(words: Uint32Array, at: number): RuleFault | undefined {
    const bits = words[at + WORD.bits] ?? 0;
    const time = words[at + WORD.time] ?? 0;
    if (!this.#mayHaveBits(bits, time)) return "BAD_DIFFBITS";
    if (isAbove(this.#targets.of(bits), words, at)) return "HIGH_HASH";
    if (!this.#recent.isAfterMedian(time)) return "TIME_TOO_OLD";
    if (this.#warpsTime(time)) return "TIME_WARP";
    if (time > this.latestTime) return "TIME_TOO_NEW";
    return this.#mayHaveVersion((words[at + WORD.version] ?? 0) | 0) ? undefined : "BAD_VERSION";
  }

  /** Moves over the record at `at` of `words`, which {@linkcode fault} found right (or which was stored as such). */
  push(words: Uint32Array, at: number): void {
    const bits = words[at + WORD.bits] ?? 0;
    const time = words[at + WORD.time] ?? 0;
    this.#height++;
    this.#time = time;
    this.#bits = bits;
    this.#recent.push(time);
    this.#work.add(bits);
    if (this.#height % RETARGET_INTERVAL === 0) {
      this.#periodStart = { time, bits };
      this.#regularBits = bits;
      this.#nextPeriodBits = undefined;
    } else if (bits !== this.#params.powLimitBits) this.#regularBits = bits;
    this.#prepareRetarget();
  }

  #mayHaveBits(bits: number, time: number): boolean {
    if ((this.#height + 1) % RETARGET_INTERVAL === 0) {
      if (this.#nextPeriodBits !== undefined) return bits === this.#nextPeriodBits;
      const { powLimitBits } = this.#params;
      return isPossibleRetarget(bits, { bits: this.#bits, powLimitBits });
    }
    if (!this.#params.minDifficultyBlocks) return bits === this.#bits;
    const late = time > this.#time + 2 * TARGET_SPACING;
    return bits === (late ? this.#params.powLimitBits : this.#regularBits);
  }

  #prepareRetarget(): void {
    if ((this.#height + 1) % RETARGET_INTERVAL !== 0) return;
    const { retargeting, bip94, powLimitBits } = this.#params;
    if (!retargeting) this.#nextPeriodBits = this.#bits;
    else if (this.#periodStart !== undefined) {
      const { time: firstTime, bits: firstBits } = this.#periodStart;
      const bits = bip94 ? firstBits : this.#bits;
      this.#nextPeriodBits = retargetBits({ bits, firstTime, lastTime: this.#time, powLimitBits });
    }
  }

  #warpsTime(time: number): boolean {
    return this.#params.bip94 && (this.#height + 1) % RETARGET_INTERVAL === 0 &&
      time < this.#time - MAX_TIMEWARP_SECONDS;
  }

  #mayHaveVersion(version: number): boolean {
    if (version >= 4) return true;
    const { bip34Height, bip66Height, bip65Height } = this.#params;
    const next = this.#height + 1;
    if (next >= bip65Height) return false;
    return version >= (next >= bip66Height ? 3 : next >= bip34Height ? 2 : -Infinity);
  }
}
