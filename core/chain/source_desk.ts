import type { Clock, HashHex } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { HeadersSync, type HeadersSyncView } from "./headers_sync.ts";
import {
  countCode,
  isAstray,
  judgeSource,
  SourceBook,
  type SourceRecord,
  type SourceState,
} from "./source_book.ts";
import type { SourceDesk } from "./source_types.ts";
import type { HeaderChain } from "./types.ts";

/** A source may differ for so long before the log says so: blocks race, headers come late. */
const GRACE_MS = 10 * 60_000;
const CHECK_MS = 30_000;
/** Kinds of sources that have counters of their own. */
const MAX_KINDS = 16;

export interface SourceDeskComponents {
  readonly chain: Pick<HeaderChain, "tip" | "header" | "params">;
  readonly events: Pick<EventBus, "listen" | "publish">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

/** One source as people see it. */
export interface SourceView {
  readonly name: string;
  readonly state: SourceState;
  /** What it last called its best; the height where it is known or claimed. */
  readonly tip?: { readonly hash: HashHex; readonly height?: number };
  /** Seconds since it named that. */
  readonly seenSecondsAgo?: number;
  /** Seconds since when it does not agree with the best chain. */
  readonly disagreesForSeconds?: number;
  readonly syncing: boolean;
  /** Headers and blocks that broke a rule, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What all sources do. */
export interface SourcesView {
  /** The headers sync that is under way. */
  readonly sync?: HeadersSyncView;
  readonly sources: readonly SourceView[];
}

/** The desk, and what the rest of the node reads from it. */
export interface OpenSourceDesk extends SourceDesk, Disposable {
  sources(): SourcesView;
}

/**
 * Compares what sources say with the chain and with each other. A source whose tip is not on the best chain for ten
 * minutes (unless it is sending headers) is told to the log once, and once when it agrees again; so is a change of which
 * sources go together. A source is named by its kind, and, where there are several of one, by what follows a space:
 * `bitcoin-p2p 203.0.113.7:8333`; counters are per kind.
 *
 * Events: `HeadersSyncStarted`, `HeadersSyncProgress` (at most one a second) and `HeadersSyncCompleted`, of syncs of at
 * least 300 headers. Disposing ends all that.
 */
export function createSourceDesk(components: SourceDeskComponents): OpenSourceDesk {
  return new Desk(components);
}

class Desk implements OpenSourceDesk {
  readonly #components: SourceDeskComponents;
  readonly #book = new SourceBook();
  readonly #sync: HeadersSync;
  readonly #timer: Disposable;
  /** By kind of source, then by code. */
  readonly #refused = new Map<string, Map<string, number>>();
  #disagreements = 0;
  /** Which sources go together, as it was logged last. */
  #parties = "";

  constructor(components: SourceDeskComponents) {
    this.#components = components;
    this.#sync = new HeadersSync(components);
    this.#timer = components.clock.every(CHECK_MS, () => this.#check());
    if (components.metrics !== undefined) this.#expose(components.metrics);
  }

  noteTip(source: string, { hash, height }: { hash: HashHex; height?: number | undefined }): void {
    const record = this.#book.open(source);
    record.tip = { hash, height };
    record.seenAt = this.#components.clock.monotonic();
    this.#judge(record);
  }

  noteRefused(source: string, { code, hash }: { code: string; hash?: HashHex | undefined }): void {
    const record = this.#book.open(source);
    countCode(record.refused, code);
    if (hash !== undefined) record.refusedHash = hash;
    const counts = this.#countsOf(source);
    const kinds = counts.size;
    countCode(counts, code);
    // the first of a kind is worth a line; what follows is counted
    if (counts.size > kinds) this.#components.logger.info("a header was refused", { source, code, hash });
  }

  syncing(source: string, claimedHeight: number): Disposable {
    const record = this.#book.open(source);
    record.syncs++;
    const sync = this.#sync.begin(claimedHeight);
    let open = true;
    return {
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        record.syncs--;
        sync[Symbol.dispose]();
      },
    };
  }

  forget(source: string): void {
    this.#book.delete(source);
  }

  sources(): SourcesView {
    const now = this.#components.clock.monotonic();
    const sync = this.#sync.view();
    const sources = [...this.#book.values()].map((record) => {
      this.#judge(record);
      return this.#viewOf(record, now);
    });
    return { ...(sync !== undefined && { sync }), sources };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#sync[Symbol.dispose]();
  }

  #check(): void {
    for (const record of this.#book.values()) {
      this.#judge(record);
      this.#tell(record);
    }
    this.#tellParties();
  }

  #judge(record: SourceRecord): void {
    record.state = judgeSource(record, this.#components.chain);
    // what it sends now has to come first
    const astray = isAstray(record.state) && (record.syncs === 0 || record.state === "fork");
    if (!astray) record.astraySince = undefined;
    else record.astraySince ??= this.#components.clock.monotonic();
  }

  #isSettledAstray({ astraySince }: SourceRecord): boolean {
    return astraySince !== undefined && this.#components.clock.monotonic() - astraySince >= GRACE_MS;
  }

  #tell(record: SourceRecord): void {
    const { logger, chain } = this.#components;
    const { name: source, state, tip, logged } = record;
    if (state === "agrees" && isAstray(logged)) {
      logger.info("a source agrees with the best chain again", { source });
    } else if (this.#isSettledAstray(record) && state !== logged) {
      this.#disagreements++;
      const own = chain.tip();
      logger.warn("a source disagrees with the best chain", {
        source,
        state,
        tip: tip?.hash,
        height: tip?.height,
        ownTip: own.hash,
        ownHeight: own.height,
      });
    } else return;
    record.logged = state;
  }

  /** Sources by the chain that they follow, the best one or another. */
  #tellParties(): void {
    const parties = new Map<string, string[]>();
    for (const record of this.#book.values()) {
      const astray = this.#isSettledAstray(record);
      if (!astray && record.state !== "agrees") continue;
      const party = astray && record.tip !== undefined ? record.tip.hash : "best";
      parties.set(party, [...parties.get(party) ?? [], record.name]);
    }
    // without the hashes: a party that goes on along its own chain is the same
    const named = [...parties].map(([party, names]) => (party === "best" ? "+" : "-") + names.sort().join());
    const text = parties.size > 1 ? named.sort().join("|") : "";
    if (text === this.#parties) return;
    this.#parties = text;
    const { logger } = this.#components;
    if (text === "") logger.info("the sources agree again");
    else logger.warn("sources follow different chains", { chains: Object.fromEntries(parties) });
  }

  #viewOf({ name, state, tip, seenAt, astraySince, syncs, refused }: SourceRecord, now: number): SourceView {
    const height = tip && (this.#components.chain.header(tip.hash)?.height ?? tip.height);
    return {
      name,
      state,
      ...(tip !== undefined && {
        tip: { hash: tip.hash, ...(height !== undefined && { height }) },
        seenSecondsAgo: Math.floor((now - seenAt) / 1000),
      }),
      ...(astraySince !== undefined && { disagreesForSeconds: Math.floor((now - astraySince) / 1000) }),
      syncing: syncs > 0,
      refused: Object.fromEntries(refused),
    };
  }

  #countsOf(source: string): Map<string, number> {
    const name = source.split(" ", 1)[0] ?? source;
    const kind = this.#refused.has(name) || this.#refused.size < MAX_KINDS ? name : "other";
    const counts = this.#refused.get(kind) ?? new Map<string, number>();
    this.#refused.set(kind, counts);
    return counts;
  }

  #expose(metrics: Metrics): void {
    metrics.collect(
      {
        name: "commons_chain_source_refused_total",
        help: "Headers and blocks of a source that broke a rule.",
        labels: ["source", "code"],
        kind: "counter",
      },
      () =>
        [...this.#refused].flatMap(([source, counts]) =>
          [...counts].map(([code, count]) => [count, { source, code }] as const)
        ),
    );
    metrics.collect(
      { name: "commons_chain_sources", help: "Sources by what their tip is.", labels: ["state"] },
      () =>
        [...Map.groupBy(this.#book.values(), ({ state }) => state)].map((
          [state, all],
        ) => [all.length, { state }]),
    );
    metrics.collect({
      name: "commons_chain_source_disagreements_total",
      help: "Times that a source was seen to follow another chain for long.",
      kind: "counter",
    }, () => [[this.#disagreements]]);
    metrics.collect(
      {
        name: "commons_chain_sync_target_height",
        help: "Height that the headers sync goes for; 0 without one.",
      },
      () => [[this.#sync.view()?.targetHeight ?? 0]],
    );
  }
}
