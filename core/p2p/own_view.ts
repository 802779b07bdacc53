import { type BitcoinNetwork, type BlockHeader, type Clock, HEADER_BYTES, peekHeader } from "../base/mod.ts";
import type { OwnTip } from "./types.ts";
import { ignore, type Refused } from "./verdict.ts";

/** How far above the node's own height a claimed one is believed. */
const MAX_LEAD = 10_000;
/** The own tip costs more to ask for than the rest of a check, and every announcement is measured by it. */
const TIP_AGE_MS = 1_000;
const DAY_S = 86_400;
/**
 * Work of a block at least, as a part of that of the own best: little enough for chains that left Bitcoin's and share its
 * headers' rules, and far too much to be made by the thousand.
 */
const MAX_EASIER = 65_536;

const OLD_BLOCK = ignore("OLD_BLOCK", "the block is more than a day older than this node's best");
const TOO_EASY = ignore("WORK_TOO_LOW", "the block carries next to nothing of the work of this node's best");

export interface OwnViewInit {
  readonly network: BitcoinNetwork;
  /** Absent: the node has no chain and no opinion. */
  readonly tip?: (() => OwnTip) | undefined;
}

/** The node's own best block as the measure of what others say. */
export class OwnView {
  readonly #clock: Clock;
  readonly #init: OwnViewInit;
  #asked = Number.NEGATIVE_INFINITY;
  #mostHeight = Infinity;
  /** Unix seconds; no block is too old while the node's own best is not one of the last day. */
  #oldest = 0;
  #easiest = Infinity;

  constructor(clock: Clock, init: OwnViewInit) {
    this.#clock = clock;
    this.#init = init;
  }

  /** The part of a claimed height that is believed. */
  believable(height: number): number {
    this.#look();
    return Math.min(height, this.#mostHeight);
  }

  /**
   * Why an announced block is no news, `undefined` when it may be. Its proof of work alone does not say so: every header of
   * the last years has one, for anybody to send again, and the first ones are easily made. A node whose own chain is not
   * up to date cannot tell.
   */
  noNews({ time, bits }: Pick<BlockHeader, "time" | "bits">): Refused | undefined {
    this.#look();
    if (time < this.#oldest) return OLD_BLOCK;
    return targetOf(bits) > this.#easiest ? TOO_EASY : undefined;
  }

  #look(): void {
    const { tip, network } = this.#init;
    const now = this.#clock.monotonic();
    if (tip === undefined || now - this.#asked < TIP_AGE_MS) return;
    this.#asked = now;
    const { height, header = "" } = tip();
    this.#mostHeight = height + MAX_LEAD;
    this.#oldest = 0;
    this.#easiest = Infinity;
    if (network === "regtest" || header.length !== 2 * HEADER_BYTES) return;
    const { time, bits } = peekHeader(Uint8Array.fromHex(header));
    if (this.#clock.now() / 1000 - time > DAY_S) return;
    this.#oldest = time - DAY_S;
    if (network === "mainnet") this.#easiest = MAX_EASIER * targetOf(bits); // others allow easy blocks at times
  }
}

/** Target of valid compact bits, near enough to compare: exact numbers of this size are slow. */
function targetOf(bits: number): number {
  return (bits & 0x7fffff) * 2 ** (8 * ((bits >>> 24) - 3));
}
