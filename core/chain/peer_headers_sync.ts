import {
  type Clock,
  displayDoubleSha256,
  displayHash,
  type HashHex,
  HEADER_BYTES,
  isCommonsError,
  sleep,
  TokenBucket,
} from "../base/mod.ts";
import {
  assertHeadersAnswer,
  encodeHeadersQuestion,
  MAX_ANSWER_HEADERS,
  MAX_LOCATOR_HASHES,
} from "./peer_headers_codec.ts";
import type { HeadersOutcome, HeadersPort } from "./peer_headers_types.ts";
import { batchFault } from "./peers/header_faults.ts";
import type { HeadersPresync } from "./presync.ts";
import type { SourceDesk } from "./source_types.ts";
import type { HeaderChain } from "./types.ts";

/** Below the rate at which peers answer, see `PEER_HEADERS_LIMITS`. */
const PACE = { perSecond: 4, burst: 20 };
/** Time that a peer may take in all: this, and so much for each header that it sent. */
const PATIENCE_MS = 30_000;
const PATIENCE_MS_PER_HEADER = 5;
/** 6 million headers, twice over. */
const MAX_BATCHES = 6_000;
/** Others may bring the same headers at the same time; who repeats itself is not asked for ever. */
const MAX_IDLE = 10;

export interface PeerHeadersSyncComponents {
  readonly chain: Pick<HeaderChain, "accept" | "locator" | "presync" | "header">;
  readonly port: HeadersPort;
  readonly clock: Clock;
  readonly desk: Pick<SourceDesk, "noteTip" | "noteRefused">;
}

export interface PeerHeadersSyncInit {
  readonly peerId: string;
  /** Its name at the desk. */
  readonly source: string;
  readonly signal: AbortSignal;
  /** Headers came that were new. Not called for those that are only counted: they may lead to nothing. */
  onProgress(): void;
}

/**
 * Asks one peer for all that the chain does not have, a batch after the other. What comes is judged as a stranger's; a
 * chain with too little work so far is counted first and stored when it is sent again (see `HeadersPresync`).
 */
export class PeerHeadersSync {
  readonly #components: PeerHeadersSyncComponents;
  readonly #init: PeerHeadersSyncInit;
  readonly #pace: TokenBucket;
  #presync: HeadersPresync | undefined;
  #accepted = 0;
  #received = 0;
  #answers = 0;
  /** Milliseconds from question to answer, all together. */
  #waited = 0;
  /** Full batches in a row that held nothing new. */
  #idle = 0;

  constructor(components: PeerHeadersSyncComponents, init: PeerHeadersSyncInit) {
    this.#components = components;
    this.#init = init;
    this.#pace = new TokenBucket({ clock: components.clock, ...PACE });
  }

  /** New headers that the chain has taken. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Milliseconds that an answer took on average, 0 when there was none. */
  get answerMs(): number {
    return this.#answers === 0 ? 0 : this.#waited / this.#answers;
  }

  /** Never throws. */
  async run(): Promise<HeadersOutcome> {
    const { clock } = this.#components;
    const begun = clock.monotonic();
    let start: HashHex | undefined;
    for (let batches = 0; batches < MAX_BATCHES; batches++) {
      let headers: Uint8Array;
      try {
        headers = await this.#ask(start);
      } catch (error) {
        return this.#failure(error);
      }
      this.#received += headers.length / HEADER_BYTES;
      const outcome = await this.#take(headers).catch(() => "failed" as const); // closed, or the store is full
      if (outcome !== undefined) return outcome;
      if (clock.monotonic() - begun > PATIENCE_MS + this.#received * PATIENCE_MS_PER_HEADER) return "silent";
      start = this.#presync?.next() ?? lastHash(headers);
    }
    return this.#end();
  }

  async #ask(start: HashHex | undefined): Promise<Uint8Array> {
    const { chain, clock, port } = this.#components;
    const { peerId, signal } = this.#init;
    const wait = this.#pace.spend(1);
    if (wait > 0) await sleep(clock, wait, { signal });
    const own = chain.locator();
    const locator = (start === undefined ? own : [start, ...own]).slice(0, MAX_LOCATOR_HASHES);
    const question = encodeHeadersQuestion({ locator, count: MAX_ANSWER_HEADERS });
    const asked = clock.monotonic();
    const headers = await port.request(peerId, question, { signal });
    this.#waited += clock.monotonic() - asked;
    this.#answers++;
    assertHeadersAnswer(headers);
    return headers;
  }

  /** What comes of a batch, or `undefined` when there is more to ask for. */
  async #take(headers: Uint8Array): Promise<HeadersOutcome | undefined> {
    const full = headers.length === MAX_ANSWER_HEADERS * HEADER_BYTES;
    if (this.#presync !== undefined) return await this.#count(this.#presync, { headers, full });
    if (headers.length === 0) return this.#end();
    const { chain, desk } = this.#components;
    const result = await chain.accept(headers);
    this.#progress(result.accepted);
    const fault = batchFault(result.rejected);
    if (fault?.kind === "low_work") {
      const rest = headers.subarray(fault.index * HEADER_BYTES);
      this.#presync = full ? chain.presync(displayHash(rest.subarray(4, 36))) : undefined;
      return this.#presync === undefined
        ? "low_work"
        : await this.#count(this.#presync, { headers: rest, full });
    }
    if (fault !== undefined) {
      return this.#refused(fault.code, fault.kind === "not_now" ? this.#end() : "broken");
    }
    const hash = lastHash(headers);
    desk.noteTip(this.#init.source, { hash, height: chain.header(hash)?.height });
    this.#idle = result.accepted > 0 ? 0 : this.#idle + 1;
    return full && this.#idle < MAX_IDLE ? undefined : this.#end();
  }

  async #count(
    presync: HeadersPresync,
    { headers, full }: { readonly headers: Uint8Array; readonly full: boolean },
  ): Promise<HeadersOutcome | undefined> {
    const before = presync.state;
    const step = presync.feed(headers);
    if (step.state === "refused") {
      return this.#refused(step.code ?? "", step.code === "TIME_TOO_NEW" ? "nothing" : "broken");
    }
    if (step.released.length > 0) {
      const result = await this.#components.chain.accept(step.released, { lowWork: "store" });
      this.#progress(result.accepted);
      const fault = batchFault(result.rejected);
      if (fault !== undefined) return this.#refused(fault.code, "broken");
    }
    if (step.state === "done") {
      this.#presync = undefined;
      return full ? undefined : this.#end();
    }
    const again = before === "counting" && step.state === "fetching";
    return full || again
      ? undefined
      : before === "counting"
      ? "low_work"
      : this.#refused("CHANGED_CHAIN", "broken");
  }

  #progress(accepted: number): void {
    this.#accepted += accepted;
    if (accepted > 0) this.#init.onProgress();
  }

  #refused(code: string, outcome: HeadersOutcome): HeadersOutcome {
    this.#components.desk.noteRefused(this.#init.source, { code });
    return outcome;
  }

  #failure(error: unknown): HeadersOutcome {
    if (isCommonsError(error, "BAD_ANSWER") || isCommonsError(error, "MESSAGE_TOO_LARGE")) {
      return this.#refused("BAD_ANSWER", "broken");
    }
    if (this.#init.signal.aborted || isCommonsError(error, "TOO_MANY_STREAMS")) return "failed";
    return isCommonsError(error, "UNSUPPORTED_PROTOCOL") ? "unsupported" : "silent";
  }

  #end(): HeadersOutcome {
    return this.#accepted > 0 ? "caught_up" : "nothing";
  }
}

function lastHash(headers: Uint8Array): HashHex {
  return displayDoubleSha256(headers.subarray(headers.length - HEADER_BYTES));
}
