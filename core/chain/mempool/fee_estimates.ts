import { type Clock, CommonsError, errorText } from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Abortable, FullNode } from "../source_types.ts";

/** Where an estimate comes from. */
export interface FeeEstimate {
  /** At least 1, at most three digits behind the point. */
  readonly satPerVbyte: number;
  /**
   * `node`: the full node's own, out of what it has seen confirmed; `mempool`: what it takes now to be among the first so
   * many blocks' worth of the mempool; `minimum`: all of the mempool fits into them.
   */
  readonly from: "node" | "mempool" | "minimum";
}

export interface FeeEstimatesComponents {
  readonly source: Pick<FullNode, "feeRate" | "available">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** {@linkcode FeeHistogram.rateBehind} of a mempool that is fresh; `undefined` without one. */
  readonly rateBehind: () => ((vbytes: number) => number | undefined) | undefined;
}

/** Virtual bytes of a block without its header and a coinbase of usual size. */
export const BLOCK_VBYTES = 998_000;
const MIN_RATE = 1;
/** As far as full nodes estimate. */
const MAX_TARGET = 1_008;
/** How long an answer of the node is used again. */
const KEEP_MS = 10_000;

/** Estimates of fees: the node's, else the mempool's. Bounded by the number of targets. */
export class FeeEstimates {
  readonly #components: FeeEstimatesComponents;
  readonly #kept = new Map<number, { readonly rate: Promise<number | undefined>; readonly until: number }>();

  constructor(components: FeeEstimatesComponents) {
    this.#components = components;
  }

  /** @throws {CommonsError} `INVALID_TARGET`, `UNAVAILABLE`, and the reason of the signal */
  async estimate(targetBlocks: number, { signal }: Abortable): Promise<FeeEstimate> {
    if (!Number.isInteger(targetBlocks) || targetBlocks < 1 || targetBlocks > MAX_TARGET) {
      throw new CommonsError(
        "INVALID_TARGET",
        `Cannot estimate a fee: the target must be 1 to ${MAX_TARGET} blocks`,
      );
    }
    signal?.throwIfAborted();
    const own = await this.#ofNode(targetBlocks);
    signal?.throwIfAborted();
    if (own !== undefined) return { satPerVbyte: atLeastMinimum(own), from: "node" };
    const rateBehind = this.#components.rateBehind();
    if (rateBehind === undefined) {
      throw new CommonsError("UNAVAILABLE", "Cannot estimate a fee: there is no full node to ask");
    }
    const rate = rateBehind(targetBlocks * BLOCK_VBYTES);
    return { satPerVbyte: atLeastMinimum(rate ?? 0), from: rate === undefined ? "minimum" : "mempool" };
  }

  /** Forgets what the node answered: a block has come. */
  clear(): void {
    this.#kept.clear();
  }

  /** Without the caller's signal: several callers share one answer. The node's deadline bounds it. */
  #ofNode(targetBlocks: number): Promise<number | undefined> {
    const { clock } = this.#components;
    const kept = this.#kept.get(targetBlocks);
    if (kept !== undefined && clock.monotonic() < kept.until) return kept.rate;
    const rate = this.#ask(targetBlocks);
    this.#kept.set(targetBlocks, { rate, until: clock.monotonic() + KEEP_MS });
    return rate;
  }

  async #ask(targetBlocks: number): Promise<number | undefined> {
    const { source, logger } = this.#components;
    if (!source.available()) return undefined;
    try {
      return await source.feeRate(targetBlocks);
    } catch (error) {
      logger.debug("the full node's fee estimate was not read", { error: errorText(error).slice(0, 300) });
      return undefined;
    }
  }
}

/** Rounded up: a rate that is too low by a hair is too low. */
export function atLeastMinimum(rate: number): number {
  return Math.max(MIN_RATE, Math.ceil(rate * 1_000 - 1e-6) / 1_000);
}
