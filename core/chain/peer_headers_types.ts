import type { HashHex } from "../base/mod.ts";

/** Peers that can be asked for headers. */
export interface HeadersPort {
  /**
   * The answer of a peer to a question, of at most 160,000 bytes.
   * @throws when it gave none: it is gone, too slow, does not speak the protocol, or does not want to
   */
  request(
    peerId: string,
    question: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
  /** Ids of connected peers that speak the protocol. */
  speakers(): readonly string[];
}

/** A header that was heard of and whose parent is not known. */
export interface MissingParent {
  readonly hash: HashHex;
  /** Who told it; need not be connected. */
  readonly peerId: string;
  /** What they claim. */
  readonly height: number;
}

/** A peer that was asked, and what came of it. */
export interface AskedPeer {
  readonly peerId: string;
  readonly outcome: HeadersOutcome;
  /** Milliseconds from a question to its answer, on average; 0 when there was no answer. */
  readonly answerMs: number;
}

/** What came of asking a peer. */
export type HeadersOutcome =
  /** There were new headers, and now there are no more. */
  | "caught_up"
  /** It had nothing new. */
  | "nothing"
  /** Its chain has too little work to be stored. */
  | "low_work"
  /** It broke a rule, or said what no one asked. */
  | "broken"
  /** It did not answer, or too slowly. */
  | "silent"
  /** It does not speak the protocol. */
  | "unsupported"
  /** This node could not take them. */
  | "failed";
