import type { Clock } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import { syncStateOf } from "./sync_state.ts";
import type { HeaderChain } from "./types.ts";

/** A tip also grows old without an event. */
const CHECK_MS = 60_000;

export interface SyncEventsComponents {
  readonly chain: Pick<HeaderChain, "params" | "tip" | "base">;
  readonly events: Pick<EventBus, "listen" | "publish">;
  readonly clock: Clock;
}

/**
 * Publishes `SyncStateChanged` when the phase of {@linkcode syncStateOf} is another one than before: with the tip that
 * changes it, or within a minute where time does. Disposing ends it.
 */
export function publishSyncState({ chain, events, clock }: SyncEventsComponents): Disposable {
  const phaseNow = () => syncStateOf(chain, clock.now()).phase;
  let phase = phaseNow();
  const check = () => {
    const old_state = phase;
    phase = phaseNow();
    if (phase !== old_state) events.publish("SyncStateChanged", { old_state, new_state: phase });
  };
  const parts = new DisposableStack();
  parts.use(events.listen({ name: "chain sync", types: ["ChainTipUpdated"] }, check));
  parts.use(clock.every(CHECK_MS, check));
  return parts;
}
