/**
 * `@commons/sdk`: what module authors import.
 * @module
 */
import type { ModuleDefinition } from "./types.ts";

export { NodeApiError } from "./errors.ts";
export type * from "./blocks.ts";
export type * from "./events.ts";
export type * from "./groups.ts";
export type * from "./types.ts";
export type { CliArg, CliResult } from "../protocol/cli.ts";

/** Gives a module definition its types; does nothing else. A plain object as default export is as good. */
export function defineModule<T extends ModuleDefinition>(definition: T): T {
  return definition;
}
