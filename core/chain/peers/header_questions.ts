import { type Clock, displayHash, type HashHex, HEADER_BYTES, type Timer } from "../../base/mod.ts";
import { encodeGetHeaders, MAX_HEADERS, MAX_LOCATOR } from "../../bitcoin/mod.ts";
import type { HeaderChain } from "../types.ts";
import type { PeerHandle } from "./peer_types.ts";

/** Headers that announce a block are few (Bitcoin Core sends at most eight). */
const MAX_ANNOUNCED = 8;
/** Answers in one sync that begin elsewhere than was asked for: the peer's chain has changed. */
const MAX_JUMPS = 10;
/** How long an answer may take: this, and a time for each header that is expected (162 KB at 5 KB/s). */
const ANSWER_MS = 30_000;
const ANSWER_MS_PER_HEADER = 15;
/** Waiting that a peer may cost in a sync before another one gets its turn, and what each header earns back. */
const PATIENCE_MS = 120_000;
const PATIENCE_MS_PER_HEADER = 2;

export interface HeaderQuestionsComponents {
  readonly chain: Pick<HeaderChain, "locator" | "tip">;
  readonly clock: Clock;
  readonly peer: PeerHandle;
}

interface Question {
  /** Hash that the answer goes on from; `undefined` when the peer chooses it by the locator. */
  readonly start: HashHex | undefined;
  readonly at: number;
  readonly timer: Timer;
  /** The answer is of no use any more. */
  moot: boolean;
}

/** `getheaders` to one peer: one question at a time, each with its deadline, and which headers are the answer. */
export class HeaderQuestions {
  readonly #components: HeaderQuestionsComponents;
  #open: Question | undefined;
  #jumps = 0;
  #patience = PATIENCE_MS;
  #ended = false;

  constructor(components: HeaderQuestionsComponents) {
    this.#components = components;
  }

  /** True while an answer is awaited. */
  get open(): boolean {
    return this.#open !== undefined;
  }

  /** True when the peer has kept this node waiting for too long in this sync, all in all. */
  get impatient(): boolean {
    return this.#patience < 0;
  }

  /** A sync begins. */
  reset(): void {
    this.#jumps = 0;
    this.#patience = PATIENCE_MS;
  }

  /** Asks for what is not known, from one header before the tip on: a peer with the same tip answers with it. */
  askByLocator(): void {
    const locator = this.#components.chain.locator();
    this.#ask(locator.length > 1 ? locator.slice(1) : locator, undefined);
  }

  /** Asks for what comes after `start`, which the chain may not know yet. */
  askFrom(start: HashHex): void {
    this.#ask([start, ...this.#components.chain.locator()].slice(0, MAX_LOCATOR), start);
  }

  /** The open answer, whatever it is, belongs to nothing any more; false when none is awaited. */
  dismiss(): boolean {
    if (this.#open !== undefined) this.#open.moot = true;
    return this.#open !== undefined;
  }

  /** Asks nothing any more. */
  end(): void {
    this.#ended = true;
    this.#close();
  }

  /** What headers that came are: the answer (which settles the question), a dismissed one, or said without being asked. */
  settle(headers: Uint8Array): "answer" | "dismissed" | "unasked" {
    const question = this.#open;
    if (question === undefined || !this.#isAnswer(headers, question)) return "unasked";
    this.#close();
    if (question.moot) return "dismissed";
    const waited = this.#components.clock.monotonic() - question.at;
    const earned = headers.length / HEADER_BYTES * PATIENCE_MS_PER_HEADER;
    this.#patience = Math.min(PATIENCE_MS, this.#patience - waited + earned);
    return "answer";
  }

  #close(): void {
    this.#open?.timer[Symbol.dispose]();
    this.#open = undefined;
  }

  #isAnswer(headers: Uint8Array, { start }: Question): boolean {
    if (start === undefined || headers.length === 0 || displayHash(headers.subarray(4, 36)) === start) {
      return true;
    }
    if (headers.length <= MAX_ANNOUNCED * HEADER_BYTES) return false;
    if (++this.#jumps > MAX_JUMPS) this.#components.peer.drop("changed_chain", "answers begin elsewhere");
    return true;
  }

  #ask(locator: readonly HashHex[], start: HashHex | undefined): void {
    if (this.#ended) return;
    const { clock, chain, peer } = this.#components;
    const behind = Math.max(0, peer.claimedHeight - chain.tip().height);
    const expected = start === undefined ? Math.min(MAX_HEADERS, behind) : MAX_HEADERS;
    const timer = clock.after(
      ANSWER_MS + ANSWER_MS_PER_HEADER * expected,
      () => peer.drop("stalled_headers"),
    );
    this.#close();
    this.#open = { start, at: clock.monotonic(), timer, moot: false };
    peer.send("getheaders", encodeGetHeaders(locator));
  }
}
