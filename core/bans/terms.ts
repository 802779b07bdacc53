import { CommonsError } from "../base/mod.ts";
import { tryDuration } from "../config/mod.ts";
import type { BanOptions } from "./types.ts";

/** Longest ban with an end: a hundred years. */
const MAX_MS = 36_525 * 86_400_000;
const MIN_MS = 1_000;
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;
const WHOLE = /^\d{1,15}$/;
/** Word for a ban without end. */
const FOR_GOOD = "permanent";

/**
 * Terms as people and programs say them. `duration`: text as in the configuration ("24h"), seconds, or "permanent".
 * `until`: Unix seconds, an ISO 8601 date (midnight UTC) or time with its zone, or `null` for good.
 *
 * @throws {CommonsError} `INVALID_BAN_TIME`, also for both at once
 */
export function parseBanTerms(
  { duration, until }: { readonly duration?: unknown; readonly until?: unknown },
): Pick<BanOptions, "durationMs" | "until"> {
  if (duration !== undefined && until !== undefined) throw invalidTime("say either duration or until");
  if (duration === FOR_GOOD || until === null) return { until: null };
  if (duration !== undefined) return { durationMs: durationMs(duration) };
  return until === undefined ? {} : { until: untilMs(until) };
}

/** When a ban that is made at `now` ends; `null` = never. @throws {CommonsError} `INVALID_BAN_TIME` */
export function banEnd(
  { durationMs, until }: BanOptions,
  { now, defaultMs }: { readonly now: number; readonly defaultMs: number },
): number | null {
  if (durationMs !== undefined && until !== undefined) throw invalidTime("say either durationMs or until");
  if (until === null) return null;
  if (until !== undefined && !(until > now)) throw invalidTime("its end is not in the future");
  const length = until === undefined ? durationMs ?? defaultMs : until - now;
  if (until === undefined && !(length >= MIN_MS)) throw invalidTime("it lasts at least a second");
  if (length > MAX_MS) throw invalidTime(`it ends within a hundred years or is ${FOR_GOOD}`);
  return now + Math.ceil(length);
}

function durationMs(value: unknown): number {
  const ms = typeof value === "number"
    ? value * 1000
    : typeof value !== "string"
    ? undefined
    : WHOLE.test(value)
    ? Number(value) * 1000
    : tryDuration(value);
  if (ms !== undefined && Number.isFinite(ms)) return ms;
  throw invalidTime(`duration is a text such as "24h", seconds or "${FOR_GOOD}"`);
}

function untilMs(value: unknown): number {
  const ms = typeof value === "number"
    ? value * 1000
    : typeof value !== "string"
    ? NaN
    : WHOLE.test(value)
    ? Number(value) * 1000
    : DATE.test(value)
    ? Date.parse(value)
    : NaN;
  if (Number.isFinite(ms)) return ms;
  throw invalidTime("until is Unix seconds, or a date or time with zone such as 2030-01-31T12:00:00Z");
}

function invalidTime(state: string): CommonsError {
  return new CommonsError("INVALID_BAN_TIME", `Cannot ban for that time: ${state}`);
}
