/**
 * What crosses the wall between node and cell. The one folder that `core/` imports from `workers/`.
 * @module
 */
export type * from "./cli.ts";
