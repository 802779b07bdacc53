import type { Counter } from "../telemetry/mod.ts";
import type { BanIndex } from "./ban_index.ts";
import { type Offence, OFFENCE_POINTS } from "./offences.ts";
import type { BanComponents, BanEntry } from "./types.ts";

/** In front of the offence in the reason of an automatic ban of a peer. */
export const MISBEHAVIOUR = "misbehaviour: ";
/** Duration of a ban without end in the catalogue. */
const PERMANENT = 0;

type TelemetryParts = Pick<BanComponents, "events" | "logger" | "metrics"> & { readonly index: BanIndex };

/** What bans say about themselves: events of the catalogue, one log line each, metrics. */
export class BanTelemetry {
  readonly #parts: TelemetryParts;
  readonly #made: Counter;
  readonly #ended: Counter;
  readonly #offences: Counter;
  /** Questions answered with yes, by what was asked. */
  readonly refused = { peer: 0, address: 0 };

  constructor(parts: TelemetryParts) {
    const { metrics, index } = parts;
    this.#parts = parts;
    this.#made = metrics.counter({
      name: "commons_ban_events_total",
      help: "Bans made, by source and reason",
      labels: ["source", "reason"],
    });
    this.#ended = metrics.counter({
      name: "commons_ban_ends_total",
      help: "Bans ended, by how",
      labels: ["how"],
    });
    this.#offences = metrics.counter({
      name: "commons_ban_offences_total",
      help: "Offences that peers got points for",
      labels: ["offence"],
    });
    metrics.collect(
      { name: "commons_bans", help: "Bans in force, by kind and source", labels: ["kind", "source"] },
      () => countsOf(index),
    );
    metrics.collect(
      {
        name: "commons_ban_refusals_total",
        help: "Connections, dials, messages and requests refused by a ban",
        labels: ["by"],
        kind: "counter",
      },
      () => [[this.refused.peer, { by: "peer" }], [this.refused.address, { by: "address" }]],
    );
  }

  /** Points were given. */
  scored(offence: Offence): void {
    this.#offences.inc({ offence });
  }

  banned(entry: BanEntry, leftMs: number): void {
    const { target, kind, reason, source } = entry;
    this.#made.inc({ source, reason: reasonOf(entry) });
    this.#parts.logger.info("banned", { target, kind, source, reason, until: entry.until });
    this.#parts.events.publish("PeerBanned", {
      peer_addr: target,
      reason,
      ban_duration_seconds: leftMs === Infinity ? PERMANENT : Math.max(1, Math.ceil(leftMs / 1000)),
    });
  }

  unbanned({ target, kind, source, hits }: BanEntry, how: "lifted" | "expired" | "evicted"): void {
    this.#ended.inc({ how });
    this.#parts.logger.info("no longer banned", { target, kind, source, hits, how });
    this.#parts.events.publish("PeerUnbanned", { peer_addr: target });
  }
}

function countsOf(index: BanIndex) {
  const counts = new Map<string, { readonly labels: { kind: string; source: string }; count: number }>();
  for (const { target: { kind }, record: { source } } of index.all()) {
    const key = `${kind} ${source}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { labels: { kind, source }, count: 1 });
    else known.count++;
  }
  return [...counts.values()].map(({ count, labels }) => [count, labels] as const);
}

/** The reason in one of a few words, for the label of a metric. */
function reasonOf({ source, reason }: BanEntry): string {
  if (source !== "auto") return `${source}_ban`;
  const offence = reason.slice(MISBEHAVIOUR.length);
  return reason.startsWith(MISBEHAVIOUR) && Object.hasOwn(OFFENCE_POINTS, offence) ? offence : "many_peers";
}
