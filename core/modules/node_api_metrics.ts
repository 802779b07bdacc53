import { readMetricReport } from "./metric_report.ts";
import type { ModuleMetrics } from "./module_metrics.ts";
import { method, type ModuleDirectory, type NodeMethodTable } from "./node_api_types.ts";

/**
 * `metrics.*`: `reportMetric metric`, `getModuleMetrics module`, `getAllMetrics`, `getModuleHealth module`,
 * `getAllModuleHealth`. Reports go under the caller's own name; reading shows what every module reported.
 */
export function metricMethods(
  { metrics, modules }: { readonly metrics: ModuleMetrics; readonly modules: ModuleDirectory },
): NodeMethodTable {
  return {
    ...method("metrics.reportMetric", {
      capability: "report_metrics",
      most: 1,
      run: (caller, params) => metrics.report(caller.name, readMetricReport(params)),
    }),
    ...method("metrics.getModuleMetrics", {
      capability: "read_metrics",
      most: 1,
      run: (_caller, params) => {
        const module = params.text(0, "module");
        return metrics.of(modules.info(module)?.module_name ?? module);
      },
    }),
    ...method("metrics.getAllMetrics", { capability: "read_metrics", most: 0, run: () => metrics.all() }),
    ...method("metrics.getModuleHealth", {
      capability: "read_metrics",
      most: 1,
      run: (_caller, params) => modules.info(params.text(0, "module"))?.health ?? null,
    }),
    ...method("metrics.getAllModuleHealth", {
      capability: "read_metrics",
      most: 0,
      run: () =>
        modules.list().map(({ module_id, module_name, health }) => ({ module_id, module_name, health })),
    }),
  };
}
