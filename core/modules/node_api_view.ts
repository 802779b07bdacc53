import { CAPABILITIES, type CapabilityTier, isCapability } from "./capabilities.ts";
import type { NodeMethodTable } from "./node_api_types.ts";

/** One method of the node API for people: what it needs, and whether it works. */
export interface ApiMethodView {
  readonly name: string;
  /** What the module must have been granted; null for none. */
  readonly capability: string | null;
  readonly tier: CapabilityTier | null;
  readonly available: boolean;
  /** Why it does not work. */
  readonly reason?: string;
}

/** What a module has without asking the node. */
const IN_CELL: readonly ApiMethodView[] = ["log.debug", "log.info", "log.warn", "log.error"].map((name) => ({
  name,
  capability: null,
  tier: null,
  available: true,
}));

/** What the SDK does in the cell, with the capability that stands for it. */
const TIMERS: readonly ApiMethodView[] = ["timers.after", "timers.every"].map((name) => ({
  name,
  capability: "manage_timers",
  tier: CAPABILITIES.manage_timers.tier,
  available: true,
}));

/** The whole table, by name: what `commons module api` prints. */
export function describeMethods(table: NodeMethodTable): readonly ApiMethodView[] {
  const methods = Object.entries(table).map(([name, { capability, unavailable }]): ApiMethodView => ({
    name,
    capability,
    tier: isCapability(capability) ? CAPABILITIES[capability].tier : null,
    available: unavailable === undefined,
    ...(unavailable === undefined ? {} : { reason: unavailable }),
  }));
  return [...IN_CELL, ...TIMERS, ...methods].sort((a, b) => a.name < b.name ? -1 : 1);
}
