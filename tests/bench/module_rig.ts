import type { EventBus } from "../../core/events/mod.ts";
import type { ModuleHost } from "../../core/modules/mod.ts";
import { startModuleRig } from "../support/module_rig.ts";

/** A real module host with real cells on a folder of modules, for benches. */
export interface ModuleRig extends AsyncDisposable {
  readonly host: ModuleHost;
  readonly events: EventBus;
}

const LIMITS = {
  memoryBytes: 256 * 1_048_576,
  eventQueue: 1_000_000,
  // The benches measure what a call costs, not where a module is told to slow down.
  requestsPerSecond: 1_000_000_000,
  maxInFlight: 4_096,
};

/** `modules`: name → source of its `mod.js`; each asks for the capabilities given. */
export function moduleRig(
  modules: Readonly<Record<string, string>>,
  options: { readonly capabilities?: readonly string[]; readonly spare?: boolean } = {},
): Promise<ModuleRig> {
  const { capabilities = ["discover_modules", "subscribe_events", "register_module_api"], spare = false } =
    options;
  const planted = Object.entries(modules).map(([name, source]) => [name, { source, capabilities }]);
  return startModuleRig({ modules: Object.fromEntries(planted), limits: LIMITS, spare, recording: false });
}
