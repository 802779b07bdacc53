import { CommonsError, type HashHex, HEADER_BYTES } from "../base/mod.ts";
import { anchorBase, genesisBase, recordOf } from "./anchor.ts";
import { publishChange } from "./chain_events.ts";
import { exposeChainMetrics } from "./chain_metrics.ts";
import { type ChainBase, ChainState, type TipChange } from "./chain_state.ts";
import { cursorAt } from "./cursor_at.ts";
import { HeaderLog } from "./header_log.ts";
import { judgeHeaders, type Judgement, leastWork } from "./judge.ts";
import { Orphans } from "./orphans.ts";
import { type ChainParams, chainParams, MAX_FUTURE_SECONDS } from "./params.ts";
import { HeadersPresync } from "./presync.ts";
import { WORD, type Words, wordsOf } from "./record.ts";
import { Turns } from "./turns.ts";
import type {
  AcceptOptions,
  AcceptResult,
  Anchor,
  ChainStats,
  ChainTip,
  HeaderChain,
  HeaderChainComponents,
  HeaderChainInit,
  HeaderView,
  StaleTip,
} from "./types.ts";
import { hashOf, headerRange, headerView, locatorOf, slotOf, staleTipViews, tipView } from "./views.ts";

/** Headers that are judged in one go, some 15 ms; then they are written, and others get their turn. */
const SLICE_HEADERS = 2_000;
const MAX_BATCH_HEADERS = 50_000;
const MAX_WAITING_BATCHES = 256;
const DEFAULT_MAX_STALE = 50_000;
const DEFAULT_MAX_ORPHANS = 1_000;

/**
 * Opens the chain that is in the store, or begins it with the network's genesis header (or `init.anchor`).
 * @throws {CommonsError} `CHAIN_WRONG_NETWORK`, `INVALID_ANCHOR`, and those of `Store`
 */
export async function openHeaderChain(
  components: HeaderChainComponents,
  init: HeaderChainInit,
): Promise<HeaderChain> {
  const params = chainParams(init.network);
  const log = new HeaderLog(components.store, components.logger);
  const salt = new DataView(components.random.bytes(4).buffer).getInt32(0);
  const stored = await log.readBase(params.network);
  const base = stored ?? (init.anchor ? anchorBase(init.anchor, params) : genesisBase(params));
  const state = new ChainState(params, { base, salt });
  const damaged = stored === undefined ? 0 : await log.readInto(state.table, base.height);
  if (state.length === 0) await begin(state, log);
  else state.finishLoad();
  return new Chain(components, { init, state, log, salt, damaged });
}

async function begin(state: ChainState, log: HeaderLog): Promise<void> {
  state.begin(recordOf(state.base.header));
  await log.writeBase(state.base, { network: state.params.network, table: state.table });
}

interface ChainParts {
  readonly init: HeaderChainInit;
  readonly state: ChainState;
  readonly log: HeaderLog;
  readonly salt: number;
  readonly damaged: number;
}

class Chain implements HeaderChain {
  readonly #components: HeaderChainComponents;
  readonly #log: HeaderLog;
  readonly #salt: number;
  readonly #damaged: number;
  readonly #maxStale: number;
  readonly #orphans: Orphans;
  readonly #turns = new Turns(MAX_WAITING_BATCHES);
  /** Changes of the tip that are not committed yet, and so not announced. */
  #unannounced: TipChange[] = [];
  readonly #refused = new Map<string, number>();
  #reorgs = 0;
  #state: ChainState;

  constructor(components: HeaderChainComponents, { init, state, log, salt, damaged }: ChainParts) {
    this.#components = components;
    this.#state = state;
    this.#log = log;
    this.#salt = salt;
    this.#damaged = damaged;
    this.#maxStale = init.maxStale ?? DEFAULT_MAX_STALE;
    this.#orphans = new Orphans(init.maxOrphans ?? DEFAULT_MAX_ORPHANS);
    if (components.metrics) {
      exposeChainMetrics(components.metrics, {
        height: () => this.#state.active.tipHeight,
        stats: () => this.stats(),
        refused: () => this.#refused,
      });
    }
  }

  get params(): ChainParams {
    return this.#state.params;
  }

  get anchored(): boolean {
    return this.#state.base.height > 0;
  }

  tip(): ChainTip {
    return tipView(this.#state, this.#state.tip);
  }

  base(): ChainTip {
    return tipView(this.#state, 0);
  }

  headerAt(height: number): HeaderView | undefined {
    const slot = this.#state.active.slotAt(height);
    return slot === -1 ? undefined : headerView(this.#state, slot);
  }

  header(hash: HashHex): HeaderView | undefined {
    const slot = slotOf(this.#state, hash);
    return slot === -1 ? undefined : headerView(this.#state, slot);
  }

  hashAt(height: number): HashHex | undefined {
    const slot = this.#state.active.slotAt(height);
    return slot === -1 ? undefined : hashOf(this.#state, slot);
  }

  range(from: number, count: number): Uint8Array<ArrayBuffer> {
    return headerRange(this.#state, { from, count });
  }

  locator(): readonly HashHex[] {
    return locatorOf(this.#state);
  }

  forkHeight(locator: readonly HashHex[]): number {
    for (const hash of locator) {
      const slot = slotOf(this.#state, hash);
      if (slot !== -1 && this.#state.isActive(slot)) return this.#state.table.height(slot);
    }
    return this.#state.base.height;
  }

  staleTips(): readonly StaleTip[] {
    return staleTipViews(this.#state);
  }

  leastWork(): bigint {
    return leastWork(this.#state);
  }

  presync(hash: HashHex): HeadersPresync | undefined {
    const state = this.#state;
    const slot = slotOf(state, hash);
    if (slot === -1) return undefined;
    return new HeadersPresync({
      cursor: cursorAt(state, slot),
      start: new Uint8Array(state.table.hash(slot)),
      startTime: state.table.word(slot, WORD.time),
      leastWork: leastWork(state),
      latestTime: () => this.#latestTime(),
      salt: this.#components.random.bytes(32),
    });
  }

  stats(): ChainStats {
    const { length, staleCount, byteLength } = this.#state;
    return {
      headers: length,
      stale: staleCount,
      orphans: this.#orphans.size,
      reorgs: this.#reorgs,
      bytes: byteLength,
      damagedChunks: this.#damaged,
    };
  }

  async accept(headers: Uint8Array, options: AcceptOptions = {}): Promise<AcceptResult> {
    assertBatch(headers);
    const source = wordsOf(headers); // copied: the caller may reuse its memory
    return await this.#turns.run(() => this.#acceptAll(source, options));
  }

  async setAnchor(anchor: Anchor): Promise<ChainTip> {
    const base = anchorBase(anchor, this.params);
    return await this.#turns.run(() => this.#beginAt(base));
  }

  async close(): Promise<void> {
    await this.#turns.close();
  }

  async #acceptAll(source: Words, options: AcceptOptions): Promise<AcceptResult> {
    const count = source.bytes.length / HEADER_BYTES;
    const total: Judgement = { accepted: 0, duplicate: 0, rejected: [], changes: [] };
    for (let from = 0; from < count; from += SLICE_HEADERS) {
      const slice = this.#judge(source, { ...options, from, to: Math.min(count, from + SLICE_HEADERS) });
      total.accepted += slice.accepted;
      total.duplicate += slice.duplicate;
      total.rejected.push(...slice.rejected);
      await this.#commit();
    }
    const adopted = total.accepted > 0 ? await this.#adopt() : 0; // what waits, waits for a header that was just taken
    for (const { code } of total.rejected) this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    const { accepted, duplicate, rejected } = total;
    return { accepted, duplicate, rejected, adopted, tip: this.tip() };
  }

  #judge(source: Words, { from, to, lowWork, keepOrphans }: AcceptOptions & { from: number; to: number }) {
    const judgement = judgeHeaders(this.#state, source, {
      from,
      to,
      latestTime: this.#latestTime(),
      lowWork: lowWork ?? "refuse",
      maxStale: this.#maxStale,
      orphans: keepOrphans ? this.#orphans : undefined,
    });
    for (const change of judgement.changes) {
      if (change.disconnected.length > 0) this.#reorgs++;
      this.#unannounced.push(change);
    }
    return judgement;
  }

  /** Takes orphans whose parents have come, and those who waited for them in turn. */
  async #adopt(): Promise<number> {
    let adopted = 0;
    for (let found = this.#connected(); found.length > 0; found = this.#connected()) {
      for (const source of found) adopted += this.#judge(source, { from: 0, to: 1 }).accepted;
    }
    if (adopted > 0) await this.#commit();
    return adopted;
  }

  #connected(): Words[] {
    return this.#orphans.size === 0 ? [] : this.#orphans.takeConnected(this.#state);
  }

  /** Writes first, then tells: what was announced is not lost. */
  async #commit(): Promise<void> {
    await this.#log.write(this.#state.table);
    const changes = this.#unannounced;
    this.#unannounced = [];
    for (const change of changes) publishChange(this.#components.events, this.#state, change);
  }

  async #beginAt(base: ChainBase): Promise<ChainTip> {
    const current = this.#state.base;
    const same = current.height === base.height && current.work === base.work &&
      current.header.toHex() === base.header.toHex();
    if (same) return this.base();
    if (this.#state.length > 1) {
      throw new CommonsError(
        "CHAIN_NOT_EMPTY",
        "Cannot begin the chain at the anchor: it has headers already",
      );
    }
    const state = new ChainState(this.params, { base, salt: this.#salt });
    await begin(state, this.#log);
    this.#state = state;
    this.#orphans.clear();
    this.#components.logger.info("the header chain begins at an anchor", { height: base.height });
    return this.tip();
  }

  #latestTime(): number {
    return Math.floor(this.#components.clock.now() / 1000) + MAX_FUTURE_SECONDS;
  }
}

function assertBatch(headers: Uint8Array): void {
  if (headers.length === 0 || headers.length % HEADER_BYTES !== 0) {
    throw new CommonsError(
      "HEADER_LENGTH",
      `Cannot read headers: need a multiple of ${HEADER_BYTES} bytes, have ${headers.length}`,
    );
  }
  if (headers.length > MAX_BATCH_HEADERS * HEADER_BYTES) {
    throw new CommonsError("BATCH_TOO_LARGE", `Cannot read headers: at most ${MAX_BATCH_HEADERS} at a time`);
  }
}
