import {
  type Clock,
  displayDoubleSha256,
  displayHash,
  errorText,
  type HashHex,
  HEADER_BYTES,
  isCommonsError,
  TokenBucket,
} from "../../base/mod.ts";
import { MAX_HEADERS } from "../../bitcoin/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { HeadersPresync, PresyncStep } from "../presync.ts";
import type { SourceDesk } from "../source_types.ts";
import type { AcceptResult, HeaderChain } from "../types.ts";
import { type BatchFault, batchFault } from "./header_faults.ts";
import { HeaderQuestions } from "./header_questions.ts";
import type { PeerHandle } from "./peer_types.ts";
import type { Traffic } from "./traffic.ts";

/** Batches that wait for the chain; no more are asked for meanwhile. */
const MAX_WAITING_BATCHES = 8;
const MAX_UNCONNECTING = 10;
/** An answer of so many headers begins a sync that others are told of: before the chain has moved, so that they see where from. */
const MANY_HEADERS = 100;
/** Headers that nobody asked for. */
const UNASKED = { perSecond: 20, burst: 3 * MAX_HEADERS };

export type TalkChain = Pick<HeaderChain, "accept" | "locator" | "presync" | "tip" | "header">;

export interface HeaderTalkComponents {
  readonly chain: TalkChain;
  readonly desk: SourceDesk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly traffic: Traffic;
}

/** Who gives turns: only one peer at a time sends many headers. */
export interface TurnKeeper {
  /** True when another peer than `talk` has the turn. */
  busy(talk: HeaderTalk): boolean;
  want(talk: HeaderTalk): void;
  /** The turn is over. `failed`: by a fault of this node; try again soon. */
  done(talk: HeaderTalk, options: { readonly failed: boolean }): void;
  /** True when another peer could take over. */
  alternative(talk: HeaderTalk): boolean;
}

interface Batch {
  readonly headers: Uint8Array<ArrayBuffer>;
  /** As many as fit: there may be more. */
  readonly full: boolean;
  /** The answer to a question, and no announcement. */
  readonly answer: boolean;
}

/**
 * The headers of one peer: what it announces, and what it is asked for. With the turn it is asked for all of its chain:
 * the next batch as soon as the last hash of this one is known, while this one is judged and stored. A chain that has too
 * little work so far is counted first (see `HeadersPresync`), and stored only when it is sent again.
 */
export class HeaderTalk {
  readonly peer: PeerHandle;
  readonly #components: HeaderTalkComponents;
  readonly #turns: TurnKeeper;
  readonly #unasked: TokenBucket;
  readonly #questions: HeaderQuestions;
  #queue: Batch[] = [];
  #work: Promise<void> | undefined;
  /** Where to go on when there is room for another batch. */
  #next: HashHex | undefined;
  #presync: HeadersPresync | undefined;
  #syncing: Disposable | undefined;
  #turn = false;
  #ended = false;
  #unconnecting = 0;

  constructor(
    components: HeaderTalkComponents,
    { peer, turns }: { readonly peer: PeerHandle; readonly turns: TurnKeeper },
  ) {
    this.#components = components;
    this.peer = peer;
    this.#turns = turns;
    const { chain, clock } = components;
    this.#questions = new HeaderQuestions({ chain, clock, peer });
    this.#unasked = new TokenBucket({ clock: components.clock, ...UNASKED });
  }

  /** True while it sends many headers. */
  get syncing(): boolean {
    return this.#syncing !== undefined;
  }

  /** Has the turn from now on: asks for all that is not known. */
  begin(): void {
    this.#turn = true;
    this.#questions.reset();
    if (!this.#questions.open) this.#questions.askByLocator();
  }

  /** The peer named a block. */
  announced(hash: HashHex): void {
    const { chain, desk } = this.#components;
    const known = chain.header(hash);
    if (known !== undefined) desk.noteTip(this.peer.source, { hash, height: known.height });
    else this.#askForMissing();
  }

  /** The peer sent headers, 80 bytes each. */
  receive(headers: Uint8Array<ArrayBuffer>): void {
    const count = headers.length / HEADER_BYTES;
    const said = this.#questions.settle(headers);
    if (this.#ended) return;
    if (said === "dismissed") {
      if (this.#presync !== undefined) this.#questions.askFrom(this.#presync.next());
      else if (this.#turn) this.#questions.askByLocator(); // a turn that began while it was awaited
      return;
    }
    if (said === "unasked" && !this.#unasked.take(Math.max(1, count))) {
      return this.peer.drop("flood", "headers that nobody asked for");
    }
    if (this.#turn && this.#questions.impatient && this.#turns.alternative(this)) {
      return this.peer.drop("stalled_headers", "too slow, and there are others");
    }
    const [answer, full] = [said === "answer", count === MAX_HEADERS];
    this.#queue.push({ headers, full, answer });
    if (answer && this.#turn && count >= MANY_HEADERS) this.#tellProgress();
    if (answer && full && this.#turn) this.#next = lastHash(headers);
    this.#askNext();
    this.#work ??= this.#judgeAll();
  }

  /** The peer is gone. Resolves when nothing of it is under way any more. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#questions.end();
    this.#queue = [];
    this.#endSync();
    await this.#work;
  }

  // ---- asking

  #askForMissing(): void {
    if (this.#turn || this.#questions.open) return;
    if (this.#turns.busy(this)) this.#turns.want(this);
    else this.#questions.askByLocator();
  }

  #askNext(): void {
    if (this.#next === undefined || this.#questions.open) return;
    if (this.#queue.length >= MAX_WAITING_BATCHES) return;
    const start = this.#next;
    this.#next = undefined;
    this.#questions.askFrom(start);
  }

  // ---- judging

  async #judgeAll(): Promise<void> {
    try {
      for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
        await this.#judge(batch);
        if (this.#ended) break;
        this.#askNext();
      }
    } catch (error) {
      const fields = { peer: this.peer.source, error: errorText(error).slice(0, 300) };
      const { logger } = this.#components;
      if (isCommonsError(error, "UNAVAILABLE")) {
        logger.debug("headers were dropped, the chain is closed", fields);
      } else logger.warn("headers of a Bitcoin node were not taken", fields);
      this.#finish({ failed: true });
    } finally {
      this.#work = undefined;
    }
  }

  async #judge(batch: Batch): Promise<void> {
    if (batch.answer && this.#presync !== undefined) return await this.#count(this.#presync, batch);
    if (batch.headers.length === 0) return batch.answer ? this.#finish() : undefined;
    const result = await this.#components.chain.accept(batch.headers);
    if (this.#ended) return;
    this.#tally(result);
    const fault = batchFault(result.rejected);
    if (result.accepted > 0) this.#unconnecting = 0;
    if (fault === undefined) return this.#connected(batch);
    if (fault.kind === "low_work" && batch.full) return await this.#countFrom(batch, fault.index);
    this.#faulty(batch, fault);
  }

  #connected({ headers, full, answer }: Batch): void {
    const { chain, desk } = this.#components;
    if (!full) {
      const hash = lastHash(headers);
      desk.noteTip(this.peer.source, { hash, height: chain.header(hash)?.height });
      if (answer) this.#finish();
    } else if (!this.#turn) this.#turns.want(this);
  }

  #faulty({ headers, answer }: Batch, { kind, code, index }: BatchFault): void {
    const { desk } = this.#components;
    const hash = hashAt(headers, index);
    switch (kind) {
      case "broken":
        desk.noteRefused(this.peer.source, { code, hash });
        return this.peer.drop("invalid_headers", code);
      case "not_now":
        desk.noteRefused(this.peer.source, { code, hash });
        return answer ? this.#finish() : undefined;
      case "low_work":
        desk.noteTip(this.peer.source, { hash: lastHash(headers) });
        return answer ? this.#finish() : undefined;
      case "unconnected":
        if (++this.#unconnecting > MAX_UNCONNECTING) return this.peer.drop("unconnecting_headers");
        if (!this.#turn) return this.#askForMissing();
        if (answer && !this.#questions.open) this.#questions.askByLocator();
    }
  }

  // ---- counting the work of a chain that is not stored yet

  async #countFrom(batch: Batch, index: number): Promise<void> {
    if (!this.#turn) return this.#turns.want(this);
    const headers = batch.headers.subarray(index * HEADER_BYTES);
    this.#presync = this.#components.chain.presync(displayHash(headers.subarray(4, 36)));
    if (this.#presync === undefined) return this.#finish(); // known a moment ago: the chain began anew
    await this.#count(this.#presync, { ...batch, headers });
  }

  async #count(presync: HeadersPresync, { headers, full }: Batch): Promise<void> {
    const before = presync.state;
    const step = presync.feed(headers);
    if (step.state === "refused") return this.#refused(step, headers);
    if (step.released.length > 0 && !(await this.#store(step.released))) return;
    if (step.state === "done") {
      this.#presync = undefined;
      if (!full) this.#connected({ headers, full, answer: true });
    } else if (before === "counting" && step.state === "fetching") this.#fetchAgain(presync);
    else if (!full) this.#fellShort(step.state, headers);
  }

  /** Stores what was counted; false when that ended the sync. */
  async #store(headers: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const result = await this.#components.chain.accept(headers, { lowWork: "store" });
    if (this.#ended) return false;
    this.#tally(result);
    const fault = batchFault(result.rejected);
    if (fault !== undefined) this.#faulty({ headers, full: true, answer: true }, fault);
    return fault === undefined && !this.#ended;
  }

  /** Enough work: the same headers again, from the start. What is on its way belongs to the first pass. */
  #fetchAgain(presync: HeadersPresync): void {
    this.#queue = this.#queue.filter(({ answer }) => !answer);
    this.#next = undefined;
    this.#components.logger.info("a chain has enough work, its headers are fetched", {
      peer: this.peer.source,
      headers: presync.count,
    });
    if (!this.#questions.dismiss()) this.#questions.askFrom(presync.next());
  }

  #fellShort(state: PresyncStep["state"], headers: Uint8Array): void {
    if (state === "fetching") return this.peer.drop("changed_chain", "its chain is shorter than it was");
    if (headers.length > 0) this.#components.desk.noteTip(this.peer.source, { hash: lastHash(headers) });
    this.#components.logger.info("a Bitcoin node's chain has too little work", { peer: this.peer.source });
    this.#finish();
  }

  #refused({ code }: PresyncStep, headers: Uint8Array): void {
    if (code === undefined) return this.#finish();
    this.#components.desk.noteRefused(this.peer.source, {
      code,
      hash: headers.length > 0 ? lastHash(headers) : undefined,
    });
    if (code === "TIME_TOO_NEW") return this.#finish();
    const changed = code === "CHANGED_CHAIN" || code === "NOT_CONTINUOUS";
    this.peer.drop(changed ? "changed_chain" : "invalid_headers", code);
  }

  // ---- the end of a turn

  #tellProgress(): void {
    const { desk, chain } = this.#components;
    this.#syncing ??= desk.syncing(
      this.peer.source,
      Math.max(this.peer.claimedHeight, chain.tip().height),
    );
  }

  #finish({ failed = false }: { readonly failed?: boolean } = {}): void {
    this.#queue = this.#queue.filter(({ answer }) => !answer);
    this.#endSync();
    if (!this.#turn) return;
    this.#turn = false;
    this.#turns.done(this, { failed });
  }

  #endSync(): void {
    this.#next = undefined;
    this.#presync = undefined;
    this.#syncing?.[Symbol.dispose]();
    this.#syncing = undefined;
  }

  #tally({ accepted, duplicate, rejected }: AcceptResult): void {
    const { traffic } = this.#components;
    traffic.headers("accepted", accepted);
    traffic.headers("duplicate", duplicate);
    traffic.headers("refused", rejected.length);
  }
}

function hashAt(headers: Uint8Array, index: number): HashHex {
  return displayDoubleSha256(headers.subarray(index * HEADER_BYTES, (index + 1) * HEADER_BYTES));
}

function lastHash(headers: Uint8Array): HashHex {
  return hashAt(headers, headers.length / HEADER_BYTES - 1);
}
