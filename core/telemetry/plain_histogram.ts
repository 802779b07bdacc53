import { CommonsError } from "../base/mod.ts";
import type { Histogram, Labels } from "./metrics.ts";
import { LabelTable } from "./plain_series.ts";

/** One line of a histogram as prom-client's registry prints it. */
export interface HistogramValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** What can be printed as a histogram. */
export interface Bucketed {
  values(name: string): HistogramValue[];
}

interface Row {
  /** Observations per bucket, the last one above all bounds; not cumulative. */
  readonly counts: number[];
  sum: number;
}

/** Observations counted in buckets. */
export class PlainHistogram implements Histogram, Bucketed {
  readonly #bounds: readonly number[];
  readonly #table: LabelTable<Row>;

  constructor(labels: readonly string[], bounds: readonly number[]) {
    if (bounds.length === 0 || bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? -Infinity)))) {
      throw new CommonsError("METRIC_BUCKETS", "Cannot make a histogram: buckets must be ascending numbers");
    }
    this.#bounds = [...bounds];
    this.#table = new LabelTable(
      labels,
      () => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }),
    );
  }

  observe(value: number, labels?: Labels): void {
    if (!Number.isFinite(value)) return;
    const row = this.#table.at(labels);
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at++;
    row.counts[at] = (row.counts[at] ?? 0) + 1;
    row.sum += value;
  }

  values(name: string): HistogramValue[] {
    const values: HistogramValue[] = [];
    for (const [{ counts, sum }, labels] of this.#table.entries()) {
      let total = 0;
      counts.forEach((count, i) => {
        total += count;
        const le = this.#bounds[i] ?? "+Inf";
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: total });
      });
      values.push({ metricName: `${name}_sum`, labels, value: sum });
      values.push({ metricName: `${name}_count`, labels, value: total });
    }
    return values;
  }
}
