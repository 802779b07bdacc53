import type { ErrorCode } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Notification } from "./types.ts";

/** Somebody's offer of a block or subtree. */
export interface Announcement {
  readonly peerId: string;
  /** Where it can be fetched; "" when its announcer serves nothing. */
  readonly baseUrl: string;
}

/** What a peer says about its own chain. Nothing of it is proven. */
export interface PeerClaim {
  readonly peerId: string;
  /** No more than a little above the node's own height. */
  readonly height: number;
  readonly hash: string;
  readonly baseUrl: string;
}

/** Messages that want something of this node, or answer what it wanted. */
export type Talk = "version" | "verack" | "best_block_request" | "block";

/** What a message that passed every check does in this node. */
export interface Delivery {
  /** Repeats of this key are ignored for a while, whoever sends them; absent where only the newest counts. */
  readonly repeatKey?: string;
  /** Position among the author's messages of a kind of which only the newest counts; grows with time. */
  readonly order?: number;
  readonly announcement?: Announcement;
  readonly claim?: PeerClaim;
  readonly talk?: Talk;
  /** Notification of the message; `timestamp` as in {@linkcode Notification}. */
  notification?(timestamp: string): Notification;
  /** Publishes the event that this kind of message stands for. */
  publishTo?(events: EventBus): void;
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
  /** What is wrong harms nobody who does not look at it: refused all the same, and nobody is to blame for a few. */
  readonly isSlip?: boolean;
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

/** The verdict for a message whose sender field names somebody else. */
export const NOT_THE_AUTHOR: Refused = reject(
  "AUTHOR_MISMATCH",
  "the peer id in the message is not its author's",
);
