import { FakeClock } from "../base/mod.ts";
import type { EventPayloads, EventType } from "../events/mod.ts";
import { memoryStore, type Store } from "../store/mod.ts";
import { createMetrics, type LogFields, type Logger } from "../telemetry/mod.ts";
import { createBanService } from "./service.ts";
import type { BanInit, BanService } from "./types.ts";

/** Peer ids by number, well formed and nobody's. */
export function peerId(number: number): string {
  return `12D3KooW${String(number).replaceAll("0", "z").padStart(44, "A")}`;
}

/** A service with what its tests look at; stops itself. */
export interface TestBans extends AsyncDisposable {
  readonly bans: BanService;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly events: { readonly type: EventType; readonly payload: unknown }[];
  readonly log: {
    readonly level: string;
    readonly message: string;
    readonly fields: LogFields | undefined;
  }[];
  metrics(): Promise<string>;
}

/** A started service on a fake clock; the store is not closed, so that another service can be started on it. */
export async function startBans(
  init: Partial<BanInit> = {},
  parts: { readonly store?: Store; readonly clock?: FakeClock } = {},
): Promise<TestBans> {
  const { store = memoryStore(), clock = new FakeClock() } = parts;
  const events: TestBans["events"] = [];
  const log: TestBans["log"] = [];
  const line = (level: string) => (message: string, fields?: LogFields) =>
    void log.push({ level, message, fields });
  const logger: Logger = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: () => logger,
  };
  const metrics = createMetrics();
  const bans = createBanService({
    store,
    clock,
    logger,
    metrics,
    events: {
      publish: <T extends EventType>(type: T, payload: EventPayloads[T]) =>
        void events.push({ type, payload }),
    },
  }, { defaultDurationMs: 86_400_000, maxEntries: 1000, threshold: 100, ...init });
  await bans.start();
  return {
    bans,
    clock,
    store,
    events,
    log,
    metrics: () => metrics.text(),
    [Symbol.asyncDispose]: () => bans.stop(),
  };
}
