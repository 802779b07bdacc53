import { errorText } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import { keys, type Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";

/**
 * Remembers which version of each module this node has accepted, over restarts: the first one is `ModuleInstalled`,
 * another version later is `ModuleUpdated`. A store that fails costs the event, not the module.
 */
export async function announceInstall(
  { store, events, logger }: { readonly store: Store; readonly events: EventBus; readonly logger: Logger },
  { manifest: { name, version }, hash }: PreparedModule,
): Promise<void> {
  try {
    const before = await store.get(keys.moduleState(name));
    const known = isRecord(before) ? before["version"] : undefined;
    if (known === version && isRecord(before) && before["hash"] === hash) return;
    await store.set(keys.moduleState(name), { version, hash });
    if (known === undefined) events.publish("ModuleInstalled", { module_name: name, version });
    else if (typeof known === "string" && known !== version) {
      events.publish("ModuleUpdated", { module_name: name, old_version: known, new_version: version });
    }
  } catch (error) {
    logger.warn("cannot remember a module's version", { module: name, error: errorText(error) });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
