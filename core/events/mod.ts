/**
 * The node's events: the catalogue of all types and payloads, and the bus that carries them.
 * @module
 */
export type { EventBus, NodeEvent, SubscribeOptions, Subscription } from "./bus.ts";
export * from "./catalogue.ts";
export type { EventGroup, EventSpec } from "./field_kinds.ts";
export * from "./event_bus.ts";
