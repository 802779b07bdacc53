import type { HashHex } from "../base/mod.ts";
import type { HeaderChain } from "./types.ts";

const MAX_SOURCES = 64;
const MAX_CODES = 32;
const CODE = /^[A-Z][A-Z0-9_]{0,39}$/;

/**
 * What a source's last tip is to this chain:
 * - `none`: it has named no tip
 * - `agrees`: its tip is on the best chain, however far back
 * - `fork`: its tip is known and on another branch
 * - `unknown`: the header has not come
 * - `refused`: the header broke a rule
 */
export type SourceState = "none" | "agrees" | "fork" | "unknown" | "refused";

/** What is known of one source. */
export interface SourceRecord {
  readonly name: string;
  tip: { readonly hash: HashHex; readonly height: number | undefined } | undefined;
  /** Monotonic time when it last named a tip. */
  seenAt: number;
  state: SourceState;
  /** Monotonic time since when it does not agree; `undefined` while it does. */
  astraySince: number | undefined;
  /** The state that the log told of last. */
  logged: SourceState;
  /** The header that was refused last. */
  refusedHash: HashHex | undefined;
  readonly refused: Map<string, number>;
  /** Syncs that are under way. */
  syncs: number;
}

/** Bounded records by source; who said nothing for longest goes first. */
export class SourceBook {
  readonly #records = new Map<string, SourceRecord>();

  values(): Iterable<SourceRecord> {
    return this.#records.values();
  }

  get(name: string): SourceRecord | undefined {
    return this.#records.get(name);
  }

  /** The record of a source that has just said something. */
  open(name: string): SourceRecord {
    const record = this.#records.get(name) ?? emptyRecord(name);
    this.#records.delete(name); // to the end of the queue
    this.#records.set(name, record);
    if (this.#records.size > MAX_SOURCES) this.#dropOldest();
    return record;
  }

  delete(name: string): boolean {
    return this.#records.delete(name);
  }

  #dropOldest(): void {
    const [first, ...others] = this.#records.values();
    const oldest = [first, ...others].find((record) => record?.syncs === 0) ?? first;
    if (oldest !== undefined) this.#records.delete(oldest.name);
  }
}

function emptyRecord(name: string): SourceRecord {
  return {
    name,
    tip: undefined,
    seenAt: 0,
    state: "none",
    astraySince: undefined,
    logged: "none",
    refusedHash: undefined,
    refused: new Map(),
    syncs: 0,
  };
}

export function isAstray(state: SourceState): boolean {
  return state === "fork" || state === "unknown" || state === "refused";
}

/** Judges a source's tip by the chain as it is now. */
export function judgeSource(
  { tip, refusedHash }: Pick<SourceRecord, "tip" | "refusedHash">,
  chain: Pick<HeaderChain, "header">,
): SourceState {
  if (tip === undefined) return "none";
  const header = chain.header(tip.hash);
  if (header !== undefined) return header.confirmations > 0 ? "agrees" : "fork";
  return tip.hash === refusedHash ? "refused" : "unknown";
}

/** Counts by code; what is no code, or one too many, counts as `OTHER`. */
export function countCode(counts: Map<string, number>, code: string): void {
  const fits = CODE.test(code) && (counts.has(code) || counts.size < MAX_CODES);
  const key = fits ? code : "OTHER";
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
