import {
  type Clock,
  errorText,
  type HashHex,
  HEADER_BYTES,
  isCommonsError,
  type Timer,
} from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { HeaderFault } from "../fault.ts";
import type { SourceDesk } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";
import type { HeaderRpc } from "./full_node.ts";

const POLL_MS = 5_000;
/** Tests mine blocks as they like. */
const REGTEST_POLL_MS = 2_000;
/** Headers of one request: 110 KB; two requests for each step. */
const BATCH_HEADERS = 500;
/** More headers than this are told as a synchronisation. */
const MANY_HEADERS = 144;
/** Times that one round starts again because the node's best chain changed under it. */
const MAX_RESTARTS = 3;
/** When a header that was too new is offered again. */
const RETRY_MS = 60_000;

export interface HeaderFeedComponents {
  readonly rpc: HeaderRpc;
  readonly chain: Pick<HeaderChain, "params" | "tip" | "base" | "header" | "locator" | "accept">;
  readonly desk: SourceDesk;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface HeaderFeedInit {
  /** Default: 2,000 on regtest, 5,000 elsewhere. */
  readonly pollMs?: number | undefined;
}

/** A full node's headers on their way into the chain. */
export interface HeaderFeed {
  /** Looks now instead of at the next poll: somebody said that there is a block. */
  wake(): void;
  /** Ends what is under way. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Follows the best chain of the operator's own full node: asks for its best block, finds where the two chains part, and
 * offers the headers from there on. Every rule is checked as for a stranger, with one exception: headers whose chain has
 * little work yet are stored (`lowWork: "store"`). That limit keeps strangers from filling the disk with cheap headers;
 * the operator's own node is none, and without it a chain that begins at its first block could not be read at all. Side
 * branches stay bounded by the chain itself.
 */
export function startHeaderFeed(components: HeaderFeedComponents, init: HeaderFeedInit = {}): HeaderFeed {
  return new Feed(components, init);
}

type Step = "done" | "again" | "refused";

class Feed implements HeaderFeed {
  readonly #components: HeaderFeedComponents;
  readonly #pollMs: number;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  /** Somebody woke it while a round was under way. */
  #woken = false;
  /** Best block of the node whose chain broke a rule, and until when it is not looked at again. */
  #refused: { readonly hash: HashHex; readonly until: number } | undefined;
  /** Best block that shares nothing with this chain. */
  #apart: HashHex | undefined;
  #noted = false;
  /** What went wrong last time. */
  #failure: string | undefined;

  constructor(components: HeaderFeedComponents, { pollMs }: HeaderFeedInit) {
    this.#components = components;
    this.#pollMs = pollMs ?? (components.chain.params.network === "regtest" ? REGTEST_POLL_MS : POLL_MS);
    this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException("the feed is stopping", "AbortError"));
    this.#timer?.[Symbol.dispose]();
    await this.#round;
  }

  #run(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#round ??= this.#look().finally(() => {
      this.#round = undefined;
      if (this.#stop.signal.aborted) return;
      if (this.#woken) this.#run();
      else this.#timer = this.#components.clock.after(this.#pollMs, () => this.#run());
    });
  }

  async #look(): Promise<void> {
    this.#woken = false;
    try {
      await this.#catchUp();
      this.#failure = undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#noteFailure(error);
    }
  }

  #noteFailure(error: unknown): void {
    const { rpc, desk, logger } = this.#components;
    if (!rpc.available() && this.#noted) {
      this.#noted = false;
      desk.forget(rpc.name);
    }
    if (isCommonsError(error, "SOURCE_FAULT")) desk.noteRefused(rpc.name, { code: error.code });
    // The node's absence is told where the node is asked; what is left is told here.
    const known = isCommonsError(error) && ["UNAVAILABLE", "TIMEOUT", "CHAIN_BUSY"].includes(error.code);
    const fields = { error: errorText(error).slice(0, 300) };
    const again = this.#failure === fields.error; // every few seconds: once is enough
    this.#failure = fields.error;
    if (known || again) logger.debug("headers of the full node were not read", fields);
    else logger.warn("headers of the full node were not read", fields);
  }

  async #catchUp(): Promise<void> {
    const { rpc, desk, chain } = this.#components;
    const options = { signal: this.#stop.signal };
    for (let tries = 0; tries <= MAX_RESTARTS; tries++) {
      const best = await rpc.bestBlock(options);
      this.#noted = true;
      desk.noteTip(rpc.name, best);
      if (chain.header(best.hash) !== undefined) {
        this.#refused = undefined;
        return;
      }
      if (this.#isPutOff(best.hash)) return;
      if (await this.#follow(best) !== "again") return;
    }
  }

  #isPutOff(hash: HashHex): boolean {
    const refused = this.#refused;
    return refused?.hash === hash && this.#components.clock.monotonic() < refused.until;
  }

  async #follow(best: { readonly hash: HashHex; readonly height: number }): Promise<Step> {
    const { rpc, desk } = this.#components;
    const fork = await this.#forkHeight();
    if (fork === undefined) return this.#noteApart(best);
    const missing = best.height - fork;
    if (missing <= MANY_HEADERS) return await this.#fetchFrom(fork + 1, best);
    using _told = desk.syncing(rpc.name, best.height);
    return await this.#fetchFrom(fork + 1, best);
  }

  /** Height of a block that both best chains have, near the last one; `undefined` when they share none. */
  async #forkHeight(): Promise<number | undefined> {
    const { rpc, chain } = this.#components;
    const places = chain.locator().flatMap((hash) => {
      const height = chain.header(hash)?.height;
      return height === undefined ? [] : [{ hash, height }];
    });
    const theirs = await rpc.hashesAt(places.map(({ height }) => height), { signal: this.#stop.signal });
    return places.find(({ hash }, index) => theirs[index] === hash)?.height;
  }

  #noteApart(best: { readonly hash: HashHex; readonly height: number }): Step {
    const { rpc, chain, desk, logger } = this.#components;
    const base = chain.base();
    if (best.height < base.height) return "done"; // it has not come as far as the anchor
    if (this.#apart === undefined) {
      logger.warn("the full node's chain does not contain the first header of this one", {
        height: base.height,
        hash: base.hash,
      });
    }
    if (this.#apart !== best.hash) desk.noteRefused(rpc.name, { code: "UNKNOWN_PARENT", hash: best.hash });
    this.#apart = best.hash;
    return "refused";
  }

  /** Offers headers step by step; the next step is asked for while the chain judges one. */
  async #fetchFrom(from: number, best: { readonly hash: HashHex; readonly height: number }): Promise<Step> {
    let step = this.#fetch(from, best.height);
    for (let height = from; height <= best.height; height += BATCH_HEADERS) {
      const headers = await step;
      if (headers.length === 0) return "again"; // its chain grew shorter
      const whole = headers.length === BATCH_HEADERS * HEADER_BYTES;
      const next = height + BATCH_HEADERS;
      step = whole && next <= best.height ? this.#fetch(next, best.height) : Promise.resolve(EMPTY);
      step.catch(() => {}); // reported where it is awaited; nobody waits when this step ends the round
      const result = await this.#offer(headers, best.hash);
      if (result !== "done") return result;
      if (!whole) break;
    }
    // The height was a claim; only the best block itself says that all came.
    return this.#components.chain.header(best.hash) === undefined ? "again" : "done";
  }

  async #fetch(from: number, last: number): Promise<Uint8Array> {
    const { rpc } = this.#components;
    const options = { signal: this.#stop.signal };
    const count = Math.min(BATCH_HEADERS, last - from + 1);
    const theirs = await rpc.hashesAt(Array.from({ length: count }, (_, index) => from + index), options);
    const end = theirs.indexOf(undefined);
    const hashes = theirs.slice(0, end === -1 ? count : end).filter((hash) => hash !== undefined);
    return hashes.length === 0 ? EMPTY : await rpc.headers(hashes, options);
  }

  async #offer(headers: Uint8Array, best: HashHex): Promise<Step> {
    const { chain } = this.#components;
    const { rejected } = await chain.accept(headers, { lowWork: "store" });
    const [first] = rejected;
    if (first === undefined) return "done";
    // Its best chain changed between two requests: what came does not fit together.
    if (first.code === "UNKNOWN_PARENT") return "again";
    this.#noteRefused(first.code, best);
    return "refused";
  }

  #noteRefused(code: HeaderFault, best: HashHex): void {
    const { rpc, desk, logger, clock } = this.#components;
    if (this.#refused?.hash !== best) {
      logger.warn("a header of the full node was refused", { code, best });
      desk.noteRefused(rpc.name, { code, hash: best });
    }
    // The same chain breaks the same rule again, unless it is the clock's.
    const until = code === "TIME_TOO_NEW" ? clock.monotonic() + RETRY_MS : Infinity;
    this.#refused = { hash: best, until };
  }
}

const EMPTY = new Uint8Array(0);
