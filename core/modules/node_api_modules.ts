import { method, type ModuleDirectory, type NodeMethodTable } from "./node_api_types.ts";
import type { Params } from "./node_api_params.ts";
import type { ModuleView } from "./types.ts";

const HEALTHS = ["healthy", "degraded", "unhealthy"] as const satisfies readonly ModuleView["health"][];

/** `modules.*`: `list`, `info module`, `available module`, `call module method params`; and `health.report`. */
export function moduleMethods(modules: ModuleDirectory): NodeMethodTable {
  const report = (name: string) =>
    method(name, {
      capability: "report_metrics",
      most: 2,
      run: (caller, params) =>
        modules.reportHealth(caller.name, readHealth(params), params.optionalText(1, "message", 1_000)),
    });
  return {
    ...method("modules.list", { capability: "discover_modules", most: 0, run: () => modules.list() }),
    ...method("modules.info", {
      capability: "discover_modules",
      most: 1,
      run: (_caller, params) => modules.info(params.text(0, "module")) ?? null,
    }),
    ...method("modules.available", {
      capability: "discover_modules",
      most: 1,
      run: (_caller, params) => modules.info(params.text(0, "module")) !== undefined,
    }),
    ...method("modules.call", {
      capability: "call_module",
      most: 3,
      run: (caller, params) =>
        modules.call(params.text(0, "module"), params.text(1, "method"), params.at(2), {
          caller: caller.name,
        }),
    }),
    ...report("health.report"),
    ...report("metrics.reportModuleHealth"),
  };
}

function readHealth(params: Params): ModuleView["health"] {
  const health = HEALTHS.find((known) => known === params.at(0));
  if (health === undefined) throw params.fault(`'health' must be one of ${HEALTHS.join(", ")}`);
  return health;
}
