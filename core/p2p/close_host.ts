import { type Clock, errorText, withDeadline } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { stopGossip } from "./gossip_internals.ts";
import type { Host } from "./host.ts";

const STOP_DEADLINE_MS = 5_000;

/** Closes a host in good order after what uses it has stopped; within a few seconds, whatever happens. */
export async function closeHost(
  host: Host,
  { clock, logger, users }: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly users: { stop(): Promise<void> };
  },
): Promise<void> {
  const closing = users.stop().then(() => stopGossip(host.services.pubsub)).then(() => host.stop());
  try {
    await withDeadline(clock, STOP_DEADLINE_MS, closing, "close the P2P host");
  } catch (error) {
    logger.warn("P2P host did not close cleanly", { error: errorText(error) });
  }
}
