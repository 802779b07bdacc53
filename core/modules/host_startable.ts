import { neededModules } from "./dependencies.ts";
import type { ModuleSet } from "./host_modules.ts";
import type { ModuleHostInit } from "./host_types.ts";
import type { Supervisor } from "./supervisor.ts";

type Wishes = Pick<ModuleHostInit, "enabled" | "disabled">;

/** Whether the configuration wants the module started; says why not. A folder with a fault is listed as rejected already. */
export function shallStart(module: Supervisor, { enabled, disabled }: Wishes): boolean {
  if (module.manifest === undefined) return false;
  if (disabled.includes(module.name)) {
    module.explain({ code: "DISABLED", message: "The configuration disables this module" });
    return false;
  }
  if (Object.keys(enabled).length === 0 || Object.hasOwn(enabled, module.name)) return true;
  module.explain({ code: "NOT_ENABLED", message: "The configuration does not enable this module" });
  return false;
}

/** What the configuration enables, and what that needs; nothing that it disables. */
export function startableModules(modules: ModuleSet, wishes: Wishes): readonly Supervisor[] {
  const wanted = new Set(modules.all().filter((module) => shallStart(module, wishes)));
  for (const { manifest } of wanted) { // grows meanwhile
    for (const name of manifest ? neededModules(manifest) : []) {
      const needed = modules.get(name);
      if (needed?.manifest && !wishes.disabled.includes(name)) wanted.add(needed);
    }
  }
  return [...wanted];
}
