import type { ApiRegistry } from "./api_registry.ts";
import type { ModuleCalls } from "./host_calls.ts";
import type { LoadedModule, ModuleDirectory, ModuleSummary } from "./node_api_types.ts";
import type { Supervisor } from "./supervisor.ts";

/** What modules see of each other: only those that run. */
export function moduleDirectory(parts: {
  readonly api: ApiRegistry;
  readonly calls: ModuleCalls;
  readonly all: () => Iterable<Supervisor>;
  readonly find: (nameOrId: string) => Supervisor | undefined;
}): ModuleDirectory {
  const { api, calls, all, find } = parts;
  const summaries = (modules: Iterable<Supervisor>) =>
    [...modules].map((module) => summaryOf(module, api)).filter((summary) => summary !== undefined);
  return {
    loaded: () => [...all()].map(loadedOf).filter((loaded) => loaded !== undefined),
    list: () => summaries(all()),
    info(nameOrId) {
      const module = find(nameOrId);
      return module && summaryOf(module, api);
    },
    call: (nameOrId, method, params, options) => calls.call(nameOrId, method, params, options),
    reportHealth: (name, health, message) => find(name)?.reportHealth(health, message),
  };
}

function loadedOf({ name, running }: Supervisor): LoadedModule | undefined {
  return running && { module_id: running.id, module_name: name, version: running.version, at: running.at };
}

function summaryOf(module: Supervisor, api: ApiRegistry): ModuleSummary | undefined {
  const { name, running } = module;
  return running && {
    module_id: running.id,
    module_name: name,
    version: running.version,
    capabilities: module.granted,
    status: module.state,
    health: module.view().health,
    methods: api.methods(name),
    api_version: 1,
  };
}
