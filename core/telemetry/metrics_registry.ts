import type * as Prom from "prom-client";
import { CommonsError } from "../base/mod.ts";
import type { Counter, Gauge, Histogram, Labels, MetricOptions, Metrics, ScopedMetrics } from "./metrics.ts";
import { type Bucketed, PlainHistogram } from "./plain_histogram.ts";
import { PlainSeries } from "./plain_series.ts";

type Kind = "counter" | "gauge" | "histogram" | "collect";
type CollectOptions = MetricOptions & { readonly kind?: "counter" | "gauge" };
type Read = () => Iterable<readonly [number, Labels?]>;

interface Entry {
  readonly kind: Kind;
  readonly metric: unknown;
  /** Makes the prom-client metric that shows this one. */
  readonly expose: (prom: typeof Prom, registry: Prom.Registry) => void;
}

const NAME = /^commons_[a-z0-9_]+$/;
const LABEL = /^[a-z][a-z0-9_]*$/;

class PromMetrics implements ScopedMetrics {
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #entries = new Map<string, Entry>();
  readonly #exposed = new Set<Entry>();
  readonly #scopes = new Set<PromMetrics>();
  #registry: Promise<{ readonly prom: typeof Prom; readonly registry: Prom.Registry }> | undefined;

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  scope(): Metrics & Disposable {
    const scope = new PromMetrics();
    this.#scopes.add(scope);
    return Object.assign(scope, { [Symbol.dispose]: () => void this.#scopes.delete(scope) });
  }

  counter(options: MetricOptions): Counter {
    return this.#once(options, "counter", PlainSeries, () => {
      const series = new PlainSeries(options.labels ?? []);
      return { metric: series, expose: exposeSeries("counter", options, () => series.samples()) };
    });
  }

  gauge(options: MetricOptions): Gauge {
    return this.#once(options, "gauge", PlainSeries, () => {
      const series = new PlainSeries(options.labels ?? []);
      return { metric: series, expose: exposeSeries("gauge", options, () => series.samples()) };
    });
  }

  collect(options: CollectOptions, read: Read): void {
    check(options);
    if (this.#entries.has(options.name)) {
      throw new CommonsError("METRIC_TAKEN", `Cannot collect ${options.name}: the name is in use`);
    }
    const expose = exposeSeries(options.kind ?? "gauge", options, read);
    this.#entries.set(options.name, { kind: "collect", metric: undefined, expose });
  }

  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram {
    return this.#once(options, "histogram", PlainHistogram, () => {
      const histogram = new PlainHistogram(options.labels ?? [], options.buckets);
      return { metric: histogram, expose: exposeHistogram(options, histogram) };
    });
  }

  async text(): Promise<string> {
    const { prom, registry } = await (this.#registry ??= loadRegistry());
    for (const entry of this.#entries.values()) {
      if (this.#exposed.has(entry)) continue;
      this.#exposed.add(entry);
      entry.expose(prom, registry);
    }
    const own = await registry.metrics();
    const scoped = await Promise.all([...this.#scopes].map((scope) => scope.text()));
    return [own, ...scoped].filter((text) => text.trim() !== "").join("");
  }

  #once<M extends object>(
    options: MetricOptions,
    kind: Kind,
    type: abstract new (...args: never[]) => M,
    make: () => Omit<Entry, "kind"> & { readonly metric: M },
  ): M {
    const known = this.#entries.get(options.name);
    if (known !== undefined) {
      if (known.kind === kind && known.metric instanceof type) return known.metric;
      throw new CommonsError(
        "METRIC_TAKEN",
        `Cannot make ${kind} ${options.name}: the name is a ${known.kind}`,
      );
    }
    check(options);
    const made = make();
    this.#entries.set(options.name, { kind, ...made });
    return made.metric;
  }
}

/** prom-client takes tens of milliseconds to load, so it is loaded at the first scrape and not when the node starts. */
async function loadRegistry() {
  const prom = await import("prom-client");
  return { prom, registry: new prom.Registry() };
}

function check(options: MetricOptions): void {
  const labels = options.labels ?? [];
  if (NAME.test(options.name) && labels.every((label) => LABEL.test(label))) return;
  throw new CommonsError(
    "METRIC_NAME",
    `Cannot make metric ${options.name}: need commons_[a-z0-9_]+ and plain labels`,
  );
}

function exposeSeries(kind: "counter" | "gauge", options: MetricOptions, read: Read): Entry["expose"] {
  return (prom, registry) => {
    const { name, help, labels = [] } = options;
    const base = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === "counter") {
      const counter: Prom.Counter = new prom.Counter({
        ...base,
        collect: () => refill(counter, read, (labels, value) => counter.inc(labels, value)),
      });
    } else {
      const gauge: Prom.Gauge = new prom.Gauge({
        ...base,
        collect: () => refill(gauge, read, (labels, value) => gauge.set(labels, value)),
      });
    }
  };
}

function refill(
  metric: { reset(): void },
  read: Read,
  put: (labels: Record<string, string>, value: number) => void,
): void {
  metric.reset();
  try {
    for (const [value, labels] of read()) put({ ...labels }, value);
  } catch {
    metric.reset(); // one broken source must not take the other metrics away
  }
}

function exposeHistogram(options: MetricOptions, histogram: Bucketed): Entry["expose"] {
  return (prom, registry) => {
    const { name, help, labels = [] } = options;
    const shown = new prom.Histogram({ name, help, labelNames: [...labels], registers: [registry] });
    // prom-client counts observations itself and takes no counts, so its registry is given ours to print.
    const get = () =>
      Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values: histogram.values(name) });
    Object.assign(shown, { get, getForPromString: get });
  };
}

/**
 * Makes the node's metrics: plain numbers while the node runs, handed to a prom-client registry of their own at each
 * scrape. A metric has at most 1,000 label combinations; more are counted under the label value "other".
 */
export function createMetrics(): ScopedMetrics {
  return new PromMetrics();
}
