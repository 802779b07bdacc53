/**
 * The node's configuration: schema, layers and what may be shown of it.
 * @module
 */
export { durationText, tryDuration } from "./durations.ts";
export * from "./load_config.ts";
export * from "./paths.ts";
export type { ConfigSource } from "./problems.ts";
export { sourceText } from "./problems.ts";
export { initConfigText } from "./profiles.ts";
export { configSecrets, redactConfig } from "./redact_config.ts";
export type { Config } from "./schema.ts";
