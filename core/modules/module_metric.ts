import { CommonsError } from "../base/mod.ts";
import type { Histogram, Labels, Metrics } from "../telemetry/mod.ts";
import type { MetricReport, MetricType } from "./metric_report.ts";

/** One series of a metric as modules with `read_metrics` see it. */
export interface ModuleMetricView {
  readonly name: string;
  readonly type: MetricType;
  readonly labels: Labels;
  /** Of a counter or a gauge. */
  readonly value?: number;
  /** Of a histogram: observations and their sum. */
  readonly count?: number;
  readonly sum?: number;
  /** Unix seconds of the last report. */
  readonly timestamp: number;
}

interface Series {
  readonly labels: Labels;
  value: number;
  count: number;
  at: number;
}

/** Seconds; for what is measured in anything else the module gives its own. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One metric of one module. Its type and the names of its labels are those of its first report. */
export class ModuleMetric {
  readonly #name: string;
  readonly #type: MetricType;
  readonly #labels: readonly string[];
  readonly #series = new Map<string, Series>();
  readonly #histogram: Histogram | undefined;

  constructor(scope: Metrics, name: string, report: MetricReport) {
    this.#name = report.name;
    this.#type = report.type;
    this.#labels = Object.keys(report.labels);
    const options = { name, help: report.help ?? "Reported by a module", labels: this.#labels };
    if (report.type === "histogram") {
      this.#histogram = scope.histogram({ ...options, buckets: report.buckets ?? DEFAULT_BUCKETS });
    } else {
      const read = () => [...this.#series.values()].map(({ value, labels }) => [value, labels] as const);
      scope.collect({ ...options, kind: report.type }, read);
    }
  }

  /** @throws {CommonsError} `INVALID_PARAMS` for a report that is of another type or has other labels */
  check({ name, type, labels }: MetricReport): void {
    if (type !== this.#type) throw mismatch(name, `it is a ${this.#type}`);
    const names = Object.keys(labels);
    if (names.length === this.#labels.length && names.every((label, i) => label === this.#labels[i])) return;
    throw mismatch(name, `its labels are ${this.#labels.join(", ") || "none"}`);
  }

  take({ labels, values }: MetricReport, now: number): void {
    const key = JSON.stringify(Object.values(labels));
    const series = this.#series.get(key) ?? { labels, value: 0, count: 0, at: 0 };
    this.#series.set(key, series);
    series.at = now;
    for (const value of values) {
      if (this.#histogram === undefined) series.value = value;
      else {
        this.#histogram.observe(value, labels);
        series.value += value;
        series.count++;
      }
    }
  }

  views(): ModuleMetricView[] {
    return [...this.#series.values()].map(({ labels, value, count, at }) => ({
      name: this.#name,
      type: this.#type,
      labels,
      ...(this.#histogram === undefined ? { value } : { count, sum: value }),
      timestamp: Math.floor(at / 1000),
    }));
  }
}

function mismatch(name: string, state: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot report metric ${name}: ${state}`);
}
