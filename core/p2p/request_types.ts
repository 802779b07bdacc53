/** How the node answers questions of one protocol. */
export interface RequestHandler {
  /** Most bytes of a question; what is longer ends its stream. */
  readonly maxRequestBytes: number;
  /** Most bytes of an answer, of this node's and of others'. */
  readonly maxAnswerBytes: number;
  /** Time for a question and its answer; default 15 s. */
  readonly deadlineMs?: number;
  /** Streams at once, each way, with one peer (4) and in all (32); questions of one peer (2 a second, 20 at once). */
  readonly limits?: {
    readonly perPeer?: number;
    readonly total?: number;
    readonly rate?: { readonly perSecond: number; readonly burst: number };
  };
  /**
   * Answers a question of the peer `from`; `undefined`, or a throw, resets the stream, which the other side sees as a
   * failure. The signal aborts at the deadline and when the node stops.
   */
  answer(
    question: Uint8Array,
    from: string,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array | undefined> | Uint8Array | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: those of the protocol's own handler, else 64 KiB and 15 s. */
  readonly maxAnswerBytes?: number | undefined;
  readonly deadlineMs?: number | undefined;
}

/** Questions to connected peers, and answers to theirs. */
export interface Requests {
  /**
   * Answers a protocol such as `/commons/chain/headers/1.0.0`, also before the service starts. Disposing ends that.
   * @throws {CommonsError} `INVALID_PROTOCOL` when it is answered already
   */
  handle(protocol: string, handler: RequestHandler): Disposable;
  /** Connected peers that say they answer a protocol, best reputation first; only for those that this node answers itself. */
  speakers(protocol: string): readonly string[];
  /**
   * Asks a peer over a connection that is open; does not dial.
   * @throws {CommonsError} `NOT_CONNECTED`, `TOO_MANY_STREAMS`, `UNSUPPORTED_PROTOCOL`, `MESSAGE_TOO_LARGE` (the answer),
   * `TIMEOUT`, `REQUEST_FAILED`, or the signal's reason where it is a `CommonsError`
   */
  request(
    peerId: string,
    protocol: string,
    question: Uint8Array,
    options?: RequestOptions,
  ): Promise<Uint8Array>;
}
