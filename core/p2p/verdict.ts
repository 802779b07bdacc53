import type { ErrorCode } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Notification } from "./types.ts";

/** What a message that passed every check does in this node. */
export interface Delivery {
  /** Repeats of this key are ignored for a while, whoever sends them. */
  readonly repeatKey: string;
  /** Notification of the message; `timestamp` as in {@linkcode Notification}. */
  notification(timestamp: string): Notification;
  /** Publishes the event that this kind of message stands for. */
  publishTo(events: EventBus): void;
}

/** Message is fine: deliver and forward it. */
export interface Accepted {
  readonly result: "accept";
  readonly delivery: Delivery;
}

/**
 * Message is dropped and not forwarded. `ignore` costs the sender nothing (honest nodes can differ about it),
 * `reject` lowers the sender's score (no honest node would have forwarded it).
 */
export interface Refused {
  readonly result: "ignore" | "reject";
  /** Stable; part of the metrics and of REST answers. */
  readonly code: ErrorCode;
  /** What is wrong, in words that hold nothing the sender wrote. */
  readonly detail: string;
}

export type Verdict = Accepted | Refused;

/** The verdict for what no honest node would forward. */
export function reject(code: ErrorCode, detail: string): Refused {
  return { result: "reject", code, detail };
}

/** The verdict for what an honest node may have forwarded in good faith. */
export function ignore(code: ErrorCode, detail: string): Refused {
  return { result: "ignore", code, detail };
}
