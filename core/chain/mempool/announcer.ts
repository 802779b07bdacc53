import type { EventBus } from "../../events/mod.ts";
import type { MempoolEntry } from "../source_types.ts";
import type { Departure } from "./departures.ts";
import { feeRate } from "./fee_histogram.ts";

/** A change of the rate that is worth an event. */
const RATE_CHANGE = 0.1;
/** A threshold is armed again when the mempool is this much below it. */
const REARM = 0.9;

export interface AnnouncerInit {
  /** Numbers of transactions. */
  readonly thresholds: readonly number[];
  /** Most events of a kind for one look at the mempool. */
  readonly maxEvents: number;
}

/** Publishes what happens in the mempool; a flood is cut, counted, and visible in its size. */
export class Announcer {
  readonly #events: Pick<EventBus, "publish">;
  readonly #init: AnnouncerInit;
  readonly #exceeded = new Set<number>();
  #rate: number | undefined;
  #skipped = 0;

  constructor(events: Pick<EventBus, "publish">, init: AnnouncerInit) {
    this.#events = events;
    this.#init = init;
  }

  /** Transactions that came or went without an event of their own. */
  get skipped(): number {
    return this.#skipped;
  }

  added(entries: readonly MempoolEntry[], size: number): void {
    for (const entry of this.#cut(entries)) {
      this.#events.publish("NewTransaction", { tx_hash: entry.txid });
      this.#events.publish("MempoolTransactionAdded", {
        tx_hash: entry.txid,
        fee_rate: feeRate(entry),
        mempool_size: size,
      });
    }
  }

  removed(departures: readonly Departure[], size: number): void {
    for (const { entry, reason } of this.#cut(departures)) {
      this.#events.publish("MempoolTransactionRemoved", { tx_hash: entry.txid, reason, mempool_size: size });
    }
    const emptyings = new Set(departures.map(({ emptying }) => emptying));
    for (const emptying of emptyings) {
      if (emptying === undefined || emptying.left > 0 || emptying.confirmed) continue;
      this.#events.publish("MempoolCleared", { cleared_count: emptying.count });
    }
  }

  /** Thresholds and the rate that the next block asks for. */
  state({ size, rate }: { readonly size: number; readonly rate: number }): void {
    for (const threshold of this.#init.thresholds) {
      if (size < threshold * REARM) this.#exceeded.delete(threshold);
      if (size <= threshold || this.#exceeded.has(threshold)) continue;
      this.#exceeded.add(threshold);
      this.#events.publish("MempoolThresholdExceeded", { current_size: size, threshold });
    }
    const old = this.#rate ??= rate;
    if (Math.abs(rate - old) < old * RATE_CHANGE) return;
    this.#rate = rate;
    this.#events.publish("FeeRateChanged", { old_fee_rate: old, new_fee_rate: rate, mempool_size: size });
  }

  #cut<T>(items: readonly T[]): readonly T[] {
    this.#skipped += Math.max(0, items.length - this.#init.maxEvents);
    return items.slice(0, this.#init.maxEvents);
  }
}
