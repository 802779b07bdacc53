import { MEDIAN_SPAN } from "./params.ts";

/**
 * The times of the last eleven headers. Behind an anchor fewer may be known: times before it count as long ago, so that
 * no header is refused for times that are only not known.
 */
export class RecentTimes {
  readonly #times = new Uint32Array(MEDIAN_SPAN);
  #next = 0;
  /** Headers that there are, up to eleven; unknown ones have time 0. */
  #count: number;

  /** `times` oldest first, of the last headers up to `height`. */
  constructor(times: readonly number[], height: number) {
    this.#count = Math.min(height + 1, MEDIAN_SPAN) - times.length;
    for (const time of times) this.push(time);
  }

  push(time: number): void {
    this.#times[this.#next] = time;
    this.#next = this.#next === MEDIAN_SPAN - 1 ? 0 : this.#next + 1;
    if (this.#count < MEDIAN_SPAN) this.#count++;
  }

  /** True when `time` is greater than the median. */
  isAfterMedian(time: number): boolean {
    let earlier = this.#count - MEDIAN_SPAN; // slots that no header has are 0 and would be counted
    for (let i = 0; i < MEDIAN_SPAN; i++) if ((this.#times[i] ?? 0) < time) earlier++;
    return earlier > this.#count >> 1;
  }

  /** Median of the times (of an even number the later one, as in Bitcoin Core). */
  median(): number {
    const sorted = this.#times.toSorted();
    return sorted[MEDIAN_SPAN - this.#count + (this.#count >> 1)] ?? 0;
  }
}
