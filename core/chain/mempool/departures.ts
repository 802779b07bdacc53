import type { HashHex } from "../../base/mod.ts";
import type { MempoolEntry } from "../source_types.ts";

/**
 * Why a transaction left. `confirmed`: a block of the best chain has it; `expired`: it was there for 336 hours, which is
 * when nodes give up by default; `unknown`: replaced, in conflict with a block, or thrown out for lack of room: a list of
 * ids does not tell which.
 */
export type RemovalReason = "confirmed" | "expired" | "unknown";

/** One that left, and why. */
export interface Departure {
  readonly entry: MempoolEntry;
  readonly reason: RemovalReason;
  /** All that left with it when the mempool became empty. */
  readonly emptying: Emptying | undefined;
}

/** A mempool that became empty: whether it was mined out or thrown away shows when all that left are settled. */
export interface Emptying {
  readonly count: number;
  left: number;
  confirmed: boolean;
}

interface Waiting {
  readonly entry: MempoolEntry;
  readonly emptying: Emptying | undefined;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** `mempoolexpiry` of Bitcoin Core. */
const EXPIRY_SECONDS = 336 * 3_600;
/** How long the block may be behind: the mempool and the chain are asked for apart. */
const GRACE_MS = 15_000;
const MAX_WAITING = 20_000;
/** Blocks whose transactions are remembered. */
const MAX_BLOCKS = 6;

/** Transactions that are not in the mempool any more, until it is known why, or clear that it will not be. */
export class Departures {
  /** In the order in which they left, and so by `until`. */
  readonly #waiting = new Map<HashHex, Waiting>();
  readonly #blocks = new Map<HashHex, ReadonlySet<HashHex>>();
  /** Without anybody who knows blocks nothing is worth waiting for. */
  readonly #graceMs: number;

  constructor({ blocksKnown }: { readonly blocksKnown: boolean }) {
    this.#graceMs = blocksKnown ? GRACE_MS : 0;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  left(entries: readonly MempoolEntry[], { now, emptied }: { now: number; emptied: boolean }): void {
    const count = entries.length;
    const emptying = emptied ? { count, left: count, confirmed: false } : undefined;
    for (const entry of entries) {
      this.#waiting.set(entry.txid, { entry, emptying, until: now + this.#graceMs });
    }
  }

  /** True when it had left and nobody was told yet: then it never was away. */
  cameBack(txid: HashHex): boolean {
    const waiting = this.#waiting.get(txid);
    if (waiting?.emptying) waiting.emptying.confirmed = true; // not thrown away, in any case
    return this.#waiting.delete(txid);
  }

  connected(block: HashHex, txids: readonly HashHex[]): void {
    this.#blocks.set(block, new Set(txids));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > MAX_BLOCKS && oldest !== undefined) this.#blocks.delete(oldest);
  }

  disconnected(block: HashHex): void {
    this.#blocks.delete(block);
  }

  /** Those whose reason is known by now, and those for whom it will not be. `seconds`: Unix time. */
  settle({ now, seconds }: { readonly now: number; readonly seconds: number }): readonly Departure[] {
    const settled: Departure[] = [];
    let crowd = this.#waiting.size - MAX_WAITING;
    for (const [txid, { entry, emptying, until }] of this.#waiting) {
      const reason = this.#reasonOf(entry, seconds);
      if (reason === "unknown" && now < until && crowd-- <= 0) continue;
      this.#waiting.delete(txid);
      settled.push({ entry, reason, emptying });
      if (emptying) {
        emptying.left--;
        emptying.confirmed ||= reason === "confirmed";
      }
    }
    return settled;
  }

  #reasonOf({ txid, time }: MempoolEntry, seconds: number): RemovalReason {
    for (const txids of this.#blocks.values()) if (txids.has(txid)) return "confirmed";
    return seconds - time >= EXPIRY_SECONDS ? "expired" : "unknown";
  }
}
