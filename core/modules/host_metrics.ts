import type { Labels, Metrics } from "../telemetry/mod.ts";
import type { Supervisor } from "./supervisor.ts";
import { MODULE_STATES, type ModuleView } from "./types.ts";

type Sample = readonly [number, Labels?];

/** The module host in numbers, read at each scrape: calls cost nothing for it. Labels are bounded by the modules folder. */
export function collectModuleMetrics(metrics: Metrics, all: () => Iterable<Supervisor>): void {
  metrics.collect(
    { name: "commons_modules", help: "Modules by state", labels: ["state"] },
    () => {
      const states = [...all()].map(({ state }) => state);
      return MODULE_STATES.map((
        state,
      ): Sample => [states.filter((other) => other === state).length, { state }]);
    },
  );
  metrics.collect(
    {
      name: "commons_module_calls",
      help: "Calls of modules into the node, by how they ended",
      labels: ["module", "outcome"],
    },
    () =>
      [...all()].flatMap(({ name, audit }): Sample[] => {
        const { total, denied, limited, failed } = audit.counts;
        const outcomes = { ok: total - denied - limited - failed, denied, limited, failed };
        return Object.entries(outcomes).map(([outcome, value]) => [value, { module: name, outcome }]);
      }),
  );
  collectEach(metrics, all, {
    commons_module_restarts: ["Restarts of a module after crashes", (view) => view.restarts],
    commons_module_memory_bytes: ["Resident memory of a module's cell", (view) => view.memory.rssBytes],
    commons_module_events_dropped: ["Events a module was too slow for", (view) => view.events.dropped],
  });
}

function collectEach(
  metrics: Metrics,
  all: () => Iterable<Supervisor>,
  table: Readonly<Record<string, readonly [help: string, read: (view: ModuleView) => number]>>,
): void {
  for (const [name, [help, read]] of Object.entries(table)) {
    metrics.collect(
      { name, help, labels: ["module"] },
      () => [...all()].map((module): Sample => [read(module.view()), { module: module.name }]),
    );
  }
}
