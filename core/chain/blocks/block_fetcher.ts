import { CommonsError, errorText, isCommonsError } from "../../base/mod.ts";
import type { Block } from "../../bitcoin/mod.ts";
import type { BlockSource } from "../source_types.ts";
import type { HeaderView } from "../types.ts";
import { BlockCache } from "./block_cache.ts";
import { exposeBlockMetrics } from "./block_metrics.ts";
import { SharedWork } from "./shared_work.ts";
import { timedCall } from "./timed_call.ts";
import type { BlockServiceComponents } from "./types.ts";
import { verifiedBlock } from "./verify_block.ts";

/** How long one source may take for a block. */
const SOURCE_MS = 60_000;
/** Most blocks that are asked for at once: each may be 4 MB in the sources' hands. */
const MAX_FETCHES = 8;
/** Most callers that wait for blocks at once. */
const MAX_WAITING = 256;

/** Times that one source is asked for a block: as often it may drop a liar. */
const MAX_TRIES = 4;

interface Wanted {
  readonly header: HeaderView;
  readonly signal: AbortSignal;
}

/** Gets verified blocks: kept ones, or from the sources, one after the other. */
export class BlockFetcher {
  readonly #components: BlockServiceComponents;
  readonly #cache: BlockCache;
  readonly #fetches = new SharedWork<Block | undefined>({ maxWorks: MAX_FETCHES, maxWaiting: MAX_WAITING });
  readonly #counts = { kept: 0, fetched: 0, absent: 0, failed: 0 };
  #closed = false;

  constructor(components: BlockServiceComponents, cacheBytes: number) {
    this.#components = components;
    this.#cache = new BlockCache(cacheBytes);
    if (components.metrics === undefined) return;
    exposeBlockMetrics(components.metrics, {
      outcomes: () => Object.entries(this.#counts),
      underWay: () => this.#fetches.size,
      cacheBytes: () => this.#cache.bytes,
    });
  }

  /** The block when it is at hand. */
  kept(header: HeaderView): Block | undefined {
    return this.#closed ? undefined : this.#cache.get(header.hash);
  }

  /**
   * @throws {CommonsError} `UNAVAILABLE`, `BUSY`, `TIMEOUT`, `SOURCE_FAULT`; `undefined` when all sources say that they
   * have it not
   */
  async get(header: HeaderView, signal: AbortSignal | undefined): Promise<Block | undefined> {
    if (this.#closed) throw new CommonsError("UNAVAILABLE", "Cannot get a block: the node is stopping");
    signal?.throwIfAborted();
    const kept = this.kept(header);
    if (kept !== undefined) {
      this.#counts.kept++;
      return kept;
    }
    return await this.#fetches.join(header.hash, (fetching) => this.#fetch(header, fetching), { signal });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fetches.abort(new CommonsError("UNAVAILABLE", "Cannot get a block: the node is stopping"));
    this.#cache.clear();
  }

  async #fetch(header: HeaderView, signal: AbortSignal): Promise<Block | undefined> {
    const failures: unknown[] = [];
    for (const source of this.#sources()) {
      try {
        const block = await this.#ask(source, { header, signal });
        if (block === undefined) continue;
        this.#counts.fetched++;
        return block;
      } catch (error) {
        signal.throwIfAborted();
        this.#note(source, { error, header });
        failures.push(error);
      }
    }
    this.#counts[failures.length === 0 ? "absent" : "failed"]++;
    if (failures.length > 0) throw failureOf(failures, header);
  }

  /** Those who can be asked now come first. */
  #sources(): readonly BlockSource[] {
    const { sources, fullNode } = this.#components;
    const all = new Set([...sources(), ...fullNode === undefined ? [] : [fullNode]]);
    if (all.size === 0) {
      throw new CommonsError("UNAVAILABLE", "Cannot get a block: no source of blocks is set up");
    }
    return [...all].sort((a, b) => Number(b.available()) - Number(a.available()));
  }

  /** Asks again while what comes is not the block and the source can tell whose fault that is. */
  async #ask(source: BlockSource, wanted: Wanted): Promise<Block | undefined> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#askOnce(source, wanted);
      } catch (error) {
        wanted.signal.throwIfAborted();
        if (!isCommonsError(error) || !isForged(error.code)) throw error;
        const left = source.disown?.(wanted.header.hash, error.code) === true;
        if (!left || tries === MAX_TRIES || !source.available()) throw error;
        this.#note(source, { error, header: wanted.header });
      }
    }
  }

  async #askOnce(source: BlockSource, { header, signal }: Wanted): Promise<Block | undefined> {
    const { clock, chain } = this.#components;
    const raw = await timedCall((asking) => source.block(header.hash, { signal: asking }), {
      clock,
      ms: SOURCE_MS,
      what: `get a block from ${source.name}`,
      signal,
    });
    if (raw === undefined) return undefined;
    const block = await verifiedBlock(raw, { header, params: chain.params, signal });
    if (!this.#closed) this.#cache.add(block);
    return block;
  }

  #note(
    source: BlockSource,
    { error, header }: { readonly error: unknown; readonly header: HeaderView },
  ): void {
    const { desk, logger } = this.#components;
    const code = isCommonsError(error) ? error.code : "INTERNAL";
    if (!isFailure(code)) desk.noteRefused(source.name, { code, hash: header.hash });
    const fields = { source: source.name, block: header.hash, code, error: errorText(error).slice(0, 300) };
    if (code === "INTERNAL") logger.warn("a source of blocks failed", fields);
    else logger.debug("a source did not give a block", fields);
  }
}

/** True for codes that are no fault of what the source answered. */
function isFailure(code: string): boolean {
  return ["UNAVAILABLE", "TIMEOUT", "REFUSED", "INTERNAL", "ABORTED", "BUSY"].includes(code);
}

/** Faults that are in the header's own block, whoever sends it: nobody is to blame for passing on what the miner made. */
const OF_THE_MINER: ReadonlySet<string> = new Set([
  "SECOND_COINBASE",
  "BAD_COINBASE_LENGTH",
  "BAD_COINBASE_HEIGHT",
]);

/** True when other bytes than the block's came. */
function isForged(code: string): boolean {
  return !isFailure(code) && code !== "SOURCE_FAULT" && !OF_THE_MINER.has(code);
}

/** What the caller is told when no source gave the block: the plainest of the reasons. */
function failureOf(failures: readonly unknown[], { hash }: HeaderView): CommonsError {
  const codes = failures.map((error) => isCommonsError(error) ? error.code : "INTERNAL");
  const cause = failures[0];
  if (codes.some((code) => !isFailure(code))) {
    return new CommonsError("SOURCE_FAULT", `Cannot get block ${hash}: what a source gave broke a rule`, {
      cause,
    });
  }
  if (codes.includes("TIMEOUT")) {
    return new CommonsError("TIMEOUT", `Cannot get block ${hash}: no source gave it in time`, { cause });
  }
  return new CommonsError("UNAVAILABLE", `Cannot get block ${hash}: no source of blocks can be reached`, {
    cause,
  });
}
