/**
 * What the node says about itself: structured redacting log, metrics, health.
 * @module
 */
export * from "./health.ts";
export * from "./log_format.ts";
export type { LogFields, Logger, LogLevel } from "./logger.ts";
export { createMetrics } from "./metrics_registry.ts";
export type { Counter, Gauge, Histogram, Labels, MetricOptions, Metrics, ScopedMetrics } from "./metrics.ts";
export * from "./structured_logger.ts";
export * from "./terminal_lines.ts";
