/**
 * What crosses the wall between node and cell. The one folder that `core/` imports from `workers/`.
 * @module
 */
export type * from "./cli.ts";
export * from "./frames.ts";
export * from "./messages.ts";
export * from "./sdk_text.ts";
export * from "./values.ts";
