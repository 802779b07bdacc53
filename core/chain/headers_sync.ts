import type { Clock } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import { TARGET_SPACING } from "./params.ts";
import type { HeaderChain } from "./types.ts";

/** A sync of fewer headers is what happens every day: nobody is told. */
const MIN_TOLD_HEADERS = 300;
const PROGRESS_MS = 1_000;
/** A chain may have grown faster than one block in ten minutes: twice as fast, and one period, for long. */
const FASTEST_GROWTH = 2;
const SLACK_BLOCKS = 2_016;

/** How far a headers sync is. */
export interface HeadersSyncView {
  readonly startHeight: number;
  readonly height: number;
  /** What sources claim, within reason; at least `height`. */
  readonly targetHeight: number;
  /** From 0 to 100, of the way from the start to the target. */
  readonly percent: number;
  /** Since it began. */
  readonly seconds: number;
}

export interface HeadersSyncComponents {
  readonly chain: Pick<HeaderChain, "tip" | "params">;
  readonly events: Pick<EventBus, "listen" | "publish">;
  readonly clock: Clock;
}

/** Joins what several sources send into one sync, and tells of its begin, its progress and its end. */
export class HeadersSync implements Disposable {
  readonly #components: HeadersSyncComponents;
  readonly #claims = new Map<object, number>();
  readonly #listening: Disposable;
  #startHeight = 0;
  #startedAt = 0;
  /** Whether its begin was told; a short one's never is. */
  #told = false;
  #progressAt = 0;

  constructor(components: HeadersSyncComponents) {
    this.#components = components;
    const options = { name: "chain headers sync", types: ["ChainTipUpdated"] } as const;
    this.#listening = components.events.listen(options, () => this.#tipMoved());
  }

  /** One source begins; disposing says that it is done. */
  begin(claimedHeight: number): Disposable {
    const { chain, clock } = this.#components;
    if (this.#claims.size === 0) {
      this.#startHeight = chain.tip().height;
      this.#startedAt = clock.monotonic();
      this.#told = false;
    }
    const claim = {};
    this.#claims.set(claim, this.#plausible(claimedHeight));
    this.#tellStart();
    return { [Symbol.dispose]: () => this.#end(claim) };
  }

  view(): HeadersSyncView | undefined {
    if (this.#claims.size === 0) return undefined;
    const { height } = this.#components.chain.tip();
    const startHeight = Math.min(this.#startHeight, height); // a reorganisation may lead below it
    const targetHeight = Math.max(height, ...this.#claims.values());
    const way = targetHeight - startHeight;
    const percent = way === 0 ? 100 : Math.floor((height - startHeight) / way * 1000) / 10;
    return { startHeight, height, targetHeight, percent, seconds: this.#seconds() };
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#claims.clear();
  }

  #end(claim: object): void {
    if (!this.#claims.delete(claim) || this.#claims.size > 0 || !this.#told) return;
    const { chain, events } = this.#components;
    events.publish("HeadersSyncCompleted", {
      final_height: chain.tip().height,
      duration_seconds: this.#seconds(),
    });
  }

  #tipMoved(): void {
    const view = this.view();
    if (view === undefined) return;
    this.#tellStart();
    const now = this.#components.clock.monotonic();
    if (!this.#told || now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    this.#components.events.publish("HeadersSyncProgress", {
      current_height: view.height,
      target_height: view.targetHeight,
      progress_percent: view.percent,
    });
  }

  /** By what is claimed, or, where too little was claimed, by what really came. */
  #tellStart(): void {
    const view = this.view();
    if (this.#told || view === undefined || view.targetHeight - view.startHeight < MIN_TOLD_HEADERS) return;
    this.#told = true;
    this.#progressAt = this.#components.clock.monotonic();
    this.#components.events.publish("HeadersSyncStarted", { start_height: view.startHeight });
  }

  #seconds(): number {
    return Math.floor((this.#components.clock.monotonic() - this.#startedAt) / 1000);
  }

  /** The claim, or the most that time allows since the tip: a liar shall not hold the progress at zero. */
  #plausible(claimed: number): number {
    const { chain, clock } = this.#components;
    const { height, time } = chain.tip();
    const most = chain.params.retargeting && !chain.params.minDifficultyBlocks
      ? height + SLACK_BLOCKS + FASTEST_GROWTH * Math.max(0, clock.now() / 1000 - time) / TARGET_SPACING
      : 0xffff_ffff;
    return Number.isFinite(claimed) ? Math.floor(Math.min(Math.max(0, claimed), most)) : 0;
  }
}
