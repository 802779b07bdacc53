import {
  BoundedQueue,
  type Clock,
  CommonsError,
  errorText,
  type HashHex,
  isCommonsError,
  type Timer,
  tryHashHex,
} from "../../base/mod.ts";
import type { EventBus, NodeEvent } from "../../events/mod.ts";
import type { Logger, Metrics } from "../../telemetry/mod.ts";
import type { Abortable, FullNode, MempoolEntry } from "../source_types.ts";
import { Announcer } from "./announcer.ts";
import { Departures } from "./departures.ts";
import { atLeastMinimum, BLOCK_VBYTES, type FeeEstimate, FeeEstimates } from "./fee_estimates.ts";
import { MempoolContent } from "./mempool_content.ts";
import { exposeMempoolMetrics } from "./mempool_metrics.ts";

const POLL_MS = 5_000;
/** Shortest time between two looks, however often it is woken. */
const MIN_GAP_MS = 500;
/** Nor shorter than so many times what the last look took: a large mempool is megabytes, and hints come all the time. */
const REST_PER_LOOK = 5;
const MAX_ENTRIES = 300_000;
const MAX_EVENTS = 500;
/** A look that is older says nothing about now. */
const STALE_MS = 60_000;
/** Blocks whose transactions wait to be asked for. */
const MAX_BLOCKS_WAITING = 6;

export interface MempoolViewComponents {
  readonly source: Pick<FullNode, "mempool" | "feeRate" | "available">;
  /** Ids of a block's transactions: tells confirmed transactions from others that left. Without it nothing does. */
  readonly blockTxids?:
    | ((hash: HashHex, options?: Abortable) => Promise<readonly HashHex[] | undefined>)
    | undefined;
  /** Where blocks are announced, and where this announces. */
  readonly events: Pick<EventBus, "listen" | "publish">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

export interface MempoolViewInit {
  /** Numbers of transactions whose exceeding is an event; default none. */
  readonly thresholds?: readonly number[] | undefined;
  /** Default 5,000. */
  readonly pollMs?: number | undefined;
  /** Most transactions that are held; default 300,000. */
  readonly maxEntries?: number | undefined;
  /** Most events of a kind for one look; default 500. */
  readonly maxEvents?: number | undefined;
}

/** The mempool in numbers. */
export interface MempoolSize {
  readonly transaction_count: number;
  /** Virtual bytes. */
  readonly size_bytes: number;
  readonly total_fee_sats: number;
}

/** The mempool of the attached full node, as of the last look. Nothing of it is verified. */
export interface MempoolView {
  /** True when the last look is not older than a minute, and the node answers. */
  available(): boolean;
  /** True when the node has more transactions than are held here. */
  readonly truncated: boolean;
  /** @throws {CommonsError} `UNAVAILABLE` before the first look; so do the others */
  size(): MempoolSize;
  has(txid: HashHex): boolean;
  entry(txid: HashHex): MempoolEntry | undefined;
  /** At most `most`; default all. */
  txids(most?: number): readonly HashHex[];
  /**
   * For a confirmation within `targetBlocks`.
   * @throws {CommonsError} `INVALID_TARGET` unless that is 1 to 1,008, `UNAVAILABLE`
   */
  feeEstimate(targetBlocks: number, options?: Abortable): Promise<FeeEstimate>;
  /** Looks soon instead of at the next poll; at most twice a second, and less often where a look takes long. */
  wake(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Looks at a full node's mempool again and again, and tells what changed:
 * - `NewTransaction` and `MempoolTransactionAdded` for what came, `MempoolTransactionRemoved` for what went. The reason is
 *   `confirmed`, `expired` or `unknown`; for it an event may be up to 15 s late. The first look tells of none, nor does
 *   one that had to leave transactions out; of more than 500 of a kind at once the rest is only counted.
 * - `MempoolCleared` when it is empty and no block has what was in it.
 * - `MempoolThresholdExceeded`, once until it was a tenth below.
 * - `FeeRateChanged` when the rate that the next block asks for changed by a tenth or more.
 *
 * `mempool_size` and `current_size` are numbers of transactions.
 */
export function createMempoolView(
  components: MempoolViewComponents,
  init: MempoolViewInit = {},
): MempoolView {
  return new View(components, init);
}

class View implements MempoolView {
  readonly #components: MempoolViewComponents;
  readonly #pollMs: number;
  readonly #maxEntries: number;
  readonly #content = new MempoolContent();
  readonly #departures: Departures;
  readonly #announcer: Announcer;
  readonly #estimates: FeeEstimates;
  readonly #listening: Disposable;
  readonly #stop = new AbortController();
  readonly #blocks = new BoundedQueue<HashHex>(MAX_BLOCKS_WAITING, "drop_oldest");
  #blockWork: Promise<void> | undefined;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #woken = false;
  /** Monotonic time of the last look; `undefined` before the first. */
  #lookedAt: number | undefined;
  #endedAt = -Infinity;
  #lookMs = 0;
  #truncated = false;
  /** What went wrong last time. */
  #failure: string | undefined;

  constructor(components: MempoolViewComponents, init: MempoolViewInit) {
    const { thresholds = [], pollMs = POLL_MS, maxEntries = MAX_ENTRIES, maxEvents = MAX_EVENTS } = init;
    this.#components = components;
    this.#pollMs = pollMs;
    this.#maxEntries = maxEntries;
    this.#departures = new Departures({ blocksKnown: components.blockTxids !== undefined });
    this.#announcer = new Announcer(components.events, { thresholds, maxEvents });
    this.#estimates = new FeeEstimates({
      source: components.source,
      clock: components.clock,
      logger: components.logger,
      rateBehind: () => this.#isFresh() ? (vbytes) => this.#content.rateBehind(vbytes) : undefined,
    });
    this.#listening = components.events.listen(
      { name: "mempool", types: ["NewBlock", "BlockDisconnected"] },
      (event) => {
        this.#estimates.clear();
        this.#hear(event);
      },
    );
    if (components.metrics) {
      exposeMempoolMetrics(components.metrics, {
        content: this.#content,
        skipped: () => this.#announcer.skipped,
        available: () => this.available(),
      });
    }
    this.#run();
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  available(): boolean {
    return this.#isFresh() && this.#components.source.available();
  }

  size(): MempoolSize {
    const { size, vbytes, feeSats } = this.#known();
    // Exact: all bitcoin there can be are less than 2^53 satoshis.
    return { transaction_count: size, size_bytes: vbytes, total_fee_sats: Number(feeSats) };
  }

  has(txid: HashHex): boolean {
    return this.#known().get(txid) !== undefined;
  }

  entry(txid: HashHex): MempoolEntry | undefined {
    return this.#known().get(txid);
  }

  txids(most: number = Infinity): readonly HashHex[] {
    const all = this.#known();
    return most >= all.size ? [...all.txids()] : [...all.txids().take(Math.max(0, Math.floor(most)))];
  }

  async feeEstimate(targetBlocks: number, options: Abortable = {}): Promise<FeeEstimate> {
    return await this.#estimates.estimate(targetBlocks, options);
  }

  wake(): void {
    this.#woken = true;
    if (this.#round === undefined) this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException("the mempool view is stopping", "AbortError"));
    this.#timer?.[Symbol.dispose]();
    this.#listening[Symbol.dispose]();
    this.#blocks.clear();
    await this.#round;
    await this.#blockWork;
  }

  #known(): MempoolContent {
    if (this.#lookedAt === undefined) {
      throw new CommonsError("UNAVAILABLE", "Cannot read the mempool: no full node has told it yet");
    }
    return this.#content;
  }

  #isFresh(): boolean {
    return this.#lookedAt !== undefined && this.#components.clock.monotonic() - this.#lookedAt <= STALE_MS;
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    const since = this.#components.clock.monotonic() - this.#endedAt;
    const gap = Math.min(this.#pollMs, Math.max(MIN_GAP_MS, REST_PER_LOOK * this.#lookMs));
    const ms = this.#woken ? Math.max(0, gap - since) : this.#pollMs;
    this.#timer = this.#components.clock.after(ms, () => this.#run());
  }

  #run(): void {
    this.#woken = false;
    const begun = this.#components.clock.monotonic();
    this.#round ??= this.#look().finally(() => {
      this.#round = undefined;
      this.#endedAt = this.#components.clock.monotonic();
      this.#lookMs = this.#endedAt - begun;
      this.#schedule();
    });
  }

  async #look(): Promise<void> {
    const { source, logger } = this.#components;
    try {
      // The first look waits for the node to be contacted; later ones leave one alone that is down.
      if (this.#lookedAt !== undefined && !source.available()) return this.#settle();
      const limit = this.#maxEntries + 1;
      this.#take(await source.mempool({ signal: this.#stop.signal, limit }));
      this.#failure = undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const quiet = isCommonsError(error, "UNAVAILABLE") || isCommonsError(error, "TIMEOUT");
      const fields = { error: errorText(error).slice(0, 300) };
      const again = this.#failure === fields.error; // every few seconds: once is enough
      this.#failure = fields.error;
      if (quiet || again) logger.debug("the mempool was not read", fields);
      else logger.warn("the mempool was not read", fields);
    }
  }

  #take(entries: readonly MempoolEntry[]): void {
    const { clock } = this.#components;
    const first = this.#lookedAt === undefined;
    const cut = entries.length > this.#maxEntries;
    // Which ones are left out is the node's whim: what such a look lacks did not leave.
    const silent = first || cut || this.#truncated;
    this.#noteTruncated(cut);
    const { added, removed } = this.#content.replace(cut ? entries.slice(0, this.#maxEntries) : entries);
    this.#lookedAt = clock.monotonic();
    const { size } = this.#content;
    if (!silent) {
      const news = added.filter(({ txid }) => !this.#departures.cameBack(txid));
      this.#departures.left(removed, { now: clock.monotonic(), emptied: size === 0 });
      this.#settle();
      this.#announcer.added(news, size);
    }
    this.#announcer.state({ size, rate: atLeastMinimum(this.#content.rateBehind(BLOCK_VBYTES) ?? 0) });
  }

  #noteTruncated(cut: boolean): void {
    if (cut !== this.#truncated) {
      const fields = { held: this.#maxEntries };
      if (cut) this.#components.logger.warn("the mempool is larger than what is held of it", fields);
      else this.#components.logger.info("all of the mempool is held again", fields);
    }
    this.#truncated = cut;
  }

  #settle(): void {
    const { clock } = this.#components;
    const times = { now: clock.monotonic(), seconds: Math.floor(clock.now() / 1_000) };
    this.#announcer.removed(this.#departures.settle(times), this.#content.size);
  }

  #hear({ type, payload }: NodeEvent): void {
    const hash = tryHashHex(blockHashOf(type, payload));
    if (hash === undefined) return;
    if (type === "BlockDisconnected") this.#departures.disconnected(hash);
    else if (this.#lookedAt !== undefined && this.#components.blockTxids !== undefined) {
      this.#blocks.push(hash);
      this.#blockWork ??= this.#askBlocks();
    }
    this.wake();
  }

  async #askBlocks(): Promise<void> {
    const { blockTxids, logger } = this.#components;
    for (let hash = this.#blocks.shift(); hash !== undefined; hash = this.#blocks.shift()) {
      try {
        const txids = await blockTxids?.(hash, { signal: this.#stop.signal });
        if (this.#stop.signal.aborted) return;
        if (txids !== undefined) this.#departures.connected(hash, txids);
        this.#settle();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // Those that it confirmed will be told as "unknown".
        logger.debug("the transactions of a block were not read", {
          hash,
          error: errorText(error).slice(0, 300),
        });
      }
    }
    this.#blockWork = undefined; // here and not in a later microtask: a block may come in between
  }
}

function blockHashOf(type: string, payload: object): unknown {
  if (type === "NewBlock") return "block_hash" in payload ? payload.block_hash : undefined;
  return "hash" in payload ? payload.hash : undefined;
}
