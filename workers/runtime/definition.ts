import type { ModuleDefinition, ModuleNode } from "../sdk/types.ts";
import { runMigrations } from "./migrations.ts";
import type { NodeCalls } from "./node_calls.ts";
import type { Registrations } from "./registrations.ts";
import { createRawStorage } from "./storage.ts";

/** A module's default export, checked. @throws {TypeError} */
export function definitionOf(value: unknown): ModuleDefinition {
  if (
    typeof value !== "object" || value === null || !("start" in value) || typeof value.start !== "function"
  ) {
    throw new TypeError("Cannot start: the default export must be an object with a start function");
  }
  if ("stop" in value && value.stop !== undefined && typeof value.stop !== "function") {
    throw new TypeError("Cannot start: stop must be a function");
  }
  if ("migrations" in value && value.migrations !== undefined && !Array.isArray(value.migrations)) {
    throw new TypeError("Cannot start: migrations must be a list");
  }
  return value as ModuleDefinition; // checked as far as a running program can
}

/** Migrations, then `start`; resolves when everything that the module registered meanwhile stands. */
export async function startDefinition(
  definition: ModuleDefinition,
  parts: {
    readonly node: ModuleNode;
    readonly calls: NodeCalls;
    readonly registrations: Registrations;
  },
): Promise<void> {
  const { node, calls, registrations } = parts;
  const storages = { own: node.storage, raw: createRawStorage(calls) };
  await runMigrations(definition.migrations ?? [], storages);
  await definition.start(node);
  await registrations.settled();
}
