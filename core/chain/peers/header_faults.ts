import type { HeaderFault } from "../fault.ts";
import type { RejectedHeader } from "../judge.ts";

/**
 * What a batch says about who sent it:
 * - `broken`: it breaks a rule that does not change: nobody honest sends it
 * - `low_work`: right, and its chain has too little work so far
 * - `unconnected`: it does not begin at a header that is known
 * - `not_now`: too far in the future, or too many stale headers; may be fine later
 */
export interface BatchFault {
  readonly kind: "broken" | "low_work" | "unconnected" | "not_now";
  readonly code: HeaderFault | "NOT_CONTINUOUS";
  readonly index: number;
}

const NOT_NOW: ReadonlySet<HeaderFault> = new Set(["TIME_TOO_NEW", "TOO_MANY_STALE"]);
const HARMLESS: ReadonlySet<HeaderFault> = new Set([...NOT_NOW, "LOW_WORK", "UNKNOWN_PARENT"]);

/** The gravest fault of a batch; `undefined` when there is none. */
export function batchFault(rejected: readonly RejectedHeader[]): BatchFault | undefined {
  const broken = rejected.find(({ code }) => !HARMLESS.has(code));
  if (broken !== undefined) return { kind: "broken", ...broken };
  const [first] = rejected;
  if (first === undefined) return undefined;
  const { code, index } = first;
  if (code === "LOW_WORK") return { kind: "low_work", code, index };
  if (NOT_NOW.has(code)) return { kind: "not_now", code, index };
  // What follows a refused header has no parent either; but the first refused one has nothing before it to blame.
  return index === 0
    ? { kind: "unconnected", code, index }
    : { kind: "broken", code: "NOT_CONTINUOUS", index };
}
