import { type BanTarget, tryBanTarget } from "./target.ts";
import type { BanEntry, BanSource } from "./types.ts";

const MAX_REASON = 256;

/** A ban as it is stored, by its target. */
export type BanRecord = Omit<BanEntry, "target" | "kind">;

/** A stored ban with its target, or `undefined` when it is none that this version wrote. */
export function readRecord(
  text: unknown,
  value: unknown,
): { readonly target: BanTarget; readonly record: BanRecord } | undefined {
  const target = tryBanTarget(text);
  if (target === undefined || target.text !== text || typeof value !== "object" || value === null) {
    return undefined;
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const [created, until, hits] = [fields.get("created"), fields.get("until"), fields.get("hits")];
  const [reason, source, address] = [fields.get("reason"), fields.get("source"), fields.get("address")];
  if (!isTime(created) || !isTime(hits) || (until !== null && !isTime(until))) return undefined;
  if (typeof reason !== "string" || !isSource(source)) return undefined;
  return {
    target,
    record: {
      created,
      until,
      hits,
      source,
      reason: cleanReason(reason),
      ...(typeof address === "string" ? { address } : {}),
    },
  };
}

/** A reason as one line without control characters, of at most 256 characters. */
export function cleanReason(text: string): string {
  return text.slice(0, 4 * MAX_REASON).replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, MAX_REASON);
}

function isSource(value: unknown): value is BanSource {
  return value === "operator" || value === "module" || value === "auto";
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
