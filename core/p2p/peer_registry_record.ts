import { type Conduct, NEW_CONDUCT } from "./peer_registry_reputation.ts";

/** What is kept of a peer. Times are Unix milliseconds, 0 = never. */
export interface PeerRecord extends Conduct {
  /** The last dealing with it. */
  readonly seen: number;
  readonly validatedHeight: number;
  /** 64 hex digits, "" = nothing is proven. */
  readonly validatedWork: string;
  readonly deliveredAt: number;
  readonly coolDownUntil: number;
}

export const NEW_RECORD: PeerRecord = {
  ...NEW_CONDUCT,
  seen: 0,
  validatedHeight: 0,
  validatedWork: "",
  deliveredAt: 0,
  coolDownUntil: 0,
};

const WORK = /^(?:[0-9a-f]{64})?$/;

/**
 * A record out of the store, `undefined` when it is none. The past may lie ahead when the clock was set back since: what
 * happened then counts as now, and nothing waits longer than it would have.
 */
export function readRecord(value: unknown, now: number): PeerRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const row: Readonly<Record<string, unknown>> = { ...value };
  const numbers = Object.entries(NEW_RECORD).filter(([, initial]) => typeof initial === "number");
  if (!numbers.every(([name]) => isCount(row[name]))) return undefined;
  if (typeof row.malicious !== "boolean" || typeof row.validatedWork !== "string") return undefined;
  if (!WORK.test(row.validatedWork)) return undefined;
  const past = (name: string) => Math.min(Number(row[name]), now);
  const waits = Math.max(0, Number(row.coolDownUntil) - Number(row.seen));
  return {
    seen: past("seen"),
    successes: Number(row.successes),
    failures: Number(row.failures),
    lastSuccess: past("lastSuccess"),
    lastFailure: past("lastFailure"),
    meanResponseMs: isCount(row.meanResponseMs) ? row.meanResponseMs : undefined,
    malicious: row.malicious,
    resets: Number(row.resets),
    badSince: past("badSince"),
    validatedHeight: Number(row.validatedHeight),
    validatedWork: row.validatedWork,
    deliveredAt: past("deliveredAt"),
    coolDownUntil: past("seen") + waits,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
