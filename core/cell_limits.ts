import type { Config } from "./config/mod.ts";
import type { CellLimits } from "./modules/mod.ts";

/** `[modules.limits]` of the configuration in the units of cells. */
export function cellLimits({ modules: { limits } }: Config): CellLimits {
  return {
    memoryBytes: limits.memory_mb * 1_048_576,
    startupMs: limits.startup_ms,
    unresponsiveMs: limits.unresponsive_ms,
    stopMs: limits.stop_ms,
    eventQueue: limits.event_queue,
    requestsPerSecond: limits.requests_per_second,
    maxInFlight: limits.max_in_flight,
    maxFrameBytes: limits.max_frame_bytes,
  };
}
