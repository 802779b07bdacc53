/** Labels of a sample: few values each, never from outside unbounded. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  inc(labels?: Labels, value?: number): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Options of a metric. Names start with `commons_`. */
export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** The node's metrics (Prometheus text exposition format 0.0.4). Asking twice for a name gives the same metric. */
export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  /**
   * A gauge (or a counter, where the numbers only grow) whose values are asked for at each scrape: the cheapest way where
   * the service counts anyway. Its name must be new.
   */
  collect(
    options: MetricOptions & { readonly kind?: "counter" | "gauge" },
    read: () => Iterable<readonly [number, Labels?]>,
  ): void;
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram;
  /** Everything as text. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Metrics with parts that go again, for what comes and goes while the node runs. */
export interface ScopedMetrics extends Metrics {
  /** True when a metric of this name was made here; those of scopes are their own. */
  has(name: string): boolean;
  /** Metrics whose text stands behind these until they are disposed. Who makes them sees to it that names differ. */
  scope(): Metrics & Disposable;
}
