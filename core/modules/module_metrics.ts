import { type Clock, CommonsError } from "../base/mod.ts";
import type { Metrics, ScopedMetrics } from "../telemetry/mod.ts";
import { type MetricReport, seriesKey } from "./metric_report.ts";
import { ModuleMetric, type ModuleMetricView } from "./module_metric.ts";

/** Metrics, and label combinations of all of them together, that one module may have. */
export const MAX_METRICS = 64;
export const MAX_METRIC_SERIES = 200;

interface Owned {
  readonly scope: Metrics & Disposable;
  readonly metrics: Map<string, ModuleMetric>;
  readonly series: Set<string>;
}

/**
 * Metrics that modules report, in the node's own Prometheus text as `commons_module_<module>_<name>` until the module is
 * stopped. Bounded for each module; no module can take the name of another one's metric or of the node's.
 */
export class ModuleMetrics {
  readonly #metrics: ScopedMetrics;
  readonly #clock: Clock;
  readonly #owners = new Map<string, Owned>();
  /** Name in the Prometheus text → module: `a-b` and `a_b` are written alike there. */
  readonly #names = new Map<string, string>();

  constructor(components: { readonly metrics: ScopedMetrics; readonly clock: Clock }) {
    this.#metrics = components.metrics;
    this.#clock = components.clock;
  }

  /** @throws {CommonsError} `INVALID_PARAMS`, `PERMISSION_DENIED` (the name is taken), `QUOTA_EXCEEDED` */
  report(module: string, report: MetricReport): void {
    const owned = this.#owners.get(module) ?? this.#adopt(module);
    const series = seriesKey(report);
    const known = owned.metrics.get(report.name);
    known?.check(report);
    if (!owned.series.has(series) && owned.series.size >= MAX_METRIC_SERIES) {
      throw tooMany(report.name, `${MAX_METRIC_SERIES} label combinations`);
    }
    const metric = known ?? this.#make({ module, owned, report });
    metric.take(report, this.#clock.now());
    owned.series.add(series);
  }

  of(module: string): readonly ModuleMetricView[] {
    return [...this.#owners.get(module)?.metrics.values() ?? []].flatMap((metric) => metric.views());
  }

  /** Module name → its metrics; modules without any are left out. */
  all(): Readonly<Record<string, readonly ModuleMetricView[]>> {
    return Object.fromEntries([...this.#owners.keys()].sort().map((module) => [module, this.of(module)]));
  }

  remove(module: string): void {
    this.#owners.get(module)?.scope[Symbol.dispose]();
    this.#owners.delete(module);
    for (const [name, owner] of this.#names) if (owner === module) this.#names.delete(name);
  }

  #adopt(module: string): Owned {
    const owned = { scope: this.#metrics.scope(), metrics: new Map(), series: new Set<string>() };
    this.#owners.set(module, owned);
    return owned;
  }

  #make(
    { module, owned, report }: {
      readonly module: string;
      readonly owned: Owned;
      readonly report: MetricReport;
    },
  ): ModuleMetric {
    if (owned.metrics.size >= MAX_METRICS) throw tooMany(report.name, `${MAX_METRICS} metrics`);
    const name = `commons_module_${module.replaceAll("-", "_")}_${report.name}`;
    const owner = this.#names.get(name);
    if ((owner !== undefined && owner !== module) || this.#metrics.has(name)) {
      throw new CommonsError(
        "PERMISSION_DENIED",
        `Cannot report metric ${report.name}: ${name} belongs to ${
          owner === undefined ? "the node" : "another module"
        }`,
      );
    }
    const metric = new ModuleMetric(owned.scope, name, report);
    owned.metrics.set(report.name, metric);
    this.#names.set(name, module);
    return metric;
  }
}

function tooMany(name: string, what: string): CommonsError {
  return new CommonsError(
    "QUOTA_EXCEEDED",
    `Cannot report metric ${name}: a module may have at most ${what}`,
  );
}
