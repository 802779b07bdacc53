import { type BanComponents, type BanService, createBanService, tryBanTarget } from "./bans/mod.ts";
import { CommonsError, systemClock } from "./base/mod.ts";
import type { Config } from "./config/mod.ts";
import type { Logger } from "./telemetry/mod.ts";

/**
 * The ban service with the bans of earlier runs: to be started before anything listens, and stopped after everything
 * that asks it.
 * @throws {CommonsError} `INVALID_BAN_TARGET` naming the key for an entry of `bans.allow`, those of the store
 */
export async function startBans(
  init: { readonly config: Config; readonly logger: Logger },
  ground: Pick<BanComponents, "store" | "events" | "metrics">,
): Promise<BanService> {
  const { default_duration, max_entries, threshold, allow, ban_ip_after } = init.config.bans;
  assertTargets(allow);
  const bans = createBanService(
    {
      store: ground.store,
      events: ground.events,
      metrics: ground.metrics,
      clock: systemClock,
      logger: init.logger.child("bans"),
    },
    {
      defaultDurationMs: default_duration,
      maxEntries: max_entries,
      threshold,
      allow,
      banIpAfter: ban_ip_after,
    },
  );
  await bans.start();
  return bans;
}

function assertTargets(allow: readonly string[]): void {
  const wrong = allow.find((text) => tryBanTarget(text) === undefined);
  if (wrong === undefined) return;
  throw new CommonsError(
    "INVALID_BAN_TARGET",
    `Cannot use bans.allow of the configuration: ${
      JSON.stringify(wrong.slice(0, 80))
    } is no IP address, CIDR network or peer id`,
  );
}
