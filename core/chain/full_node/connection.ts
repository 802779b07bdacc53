import { type Clock, CommonsError, isCommonsError } from "../../base/mod.ts";
import type { Logger, Metrics } from "../../telemetry/mod.ts";
import { unlessAborted } from "../blocks/timed_call.ts";
import type { Abortable } from "../source_types.ts";
import { Availability, type NodeState, type Probe } from "./availability.ts";
import { post, type PostResult } from "./http_post.ts";
import { readAnswers, requestText, type RpcAnswer, type RpcCall } from "./json_rpc.ts";
import { Login, type LoginInit, type ReadCookie } from "./login.ts";
import { refused, unavailable } from "./rpc_errors.ts";
import { Slots } from "./slots.ts";

/** Bitcoin Core works on four calls at once by default (`rpcthreads`); more would only wait there. */
const MAX_IN_FLIGHT = 4;
const MAX_WAITING = 256;
const DEADLINE_MS = 30_000;
const DEFAULT_MAX_BYTES = 1_048_576;

/** Limits of one call. */
export interface CallOptions extends Abortable {
  /** Most bytes of the answer; default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds until `TIMEOUT`, waiting for a slot included; default 30,000. */
  readonly deadlineMs?: number | undefined;
}

export interface ConnectionComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  readonly fetch: typeof fetch;
  readonly readCookie: ReadCookie;
}

export interface ConnectionInit extends LoginInit {
  readonly url: string;
  /** Asks by way of `ask` who the node is; what it throws counts as "down". */
  readonly identify: (ask: AskBatch) => Promise<Probe>;
}

/** Sends calls together. */
export type AskBatch = (calls: readonly RpcCall[]) => Promise<readonly RpcAnswer[]>;

type Outcome = "answered" | "refused" | "unavailable" | "timeout" | "fault" | "aborted";

/**
 * JSON-RPC over HTTP to one node: a few calls at once, the others in a bounded queue, each with a deadline and a largest
 * answer. All calls throw `UNAVAILABLE`, `TIMEOUT`, `SOURCE_FAULT`, and the reason of the caller's signal.
 */
export class RpcConnection {
  readonly #components: ConnectionComponents;
  readonly #url: string;
  readonly #login: Login;
  readonly #slots = new Slots({ slots: MAX_IN_FLIGHT, maxWaiting: MAX_WAITING });
  readonly #availability: Availability;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #outcomes = new Map<Outcome, number>();
  #nextId = 1;

  constructor(components: ConnectionComponents, init: ConnectionInit) {
    this.#components = components;
    this.#url = init.url;
    this.#login = new Login(init, components.readCookie);
    this.#availability = new Availability({
      clock: components.clock,
      logger: components.logger,
      probe: () => this.#probe(init.identify),
    });
    components.metrics?.collect({
      name: "commons_full_node_calls_total",
      help: "Calls to the attached full node; a batch counts once.",
      labels: ["outcome"],
      kind: "counter",
    }, () => [...this.#outcomes].map(([outcome, count]) => [count, { outcome }] as const));
    components.metrics?.collect({
      name: "commons_full_node_up",
      help: "1 when the attached full node answers and is of this network.",
    }, () => [[this.available() ? 1 : 0]]);
    this.#availability.start();
  }

  available(): boolean {
    return this.#availability.state === "up" && !this.#stop.signal.aborted;
  }

  state(): { readonly state: NodeState; readonly why: string | undefined } {
    return { state: this.#availability.state, why: this.#availability.why };
  }

  /** Result of one call. Throws `REFUSED` with the node's words besides. */
  async call(method: string, params: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const [answer] = await this.#ask([{ method, params }], { ...options, batch: false });
    if (answer === undefined) throw new Error("unreachable: one call has one answer");
    if (answer.ok) return answer.result;
    throw refused(answer);
  }

  /** Answers of several calls in one request; a refusal is an answer. Without calls nothing is sent. */
  async batch(calls: readonly RpcCall[], options: CallOptions = {}): Promise<readonly RpcAnswer[]> {
    if (calls.length === 0) return [];
    return await this.#ask(calls, { ...options, batch: true });
  }

  /** Ends what is under way with `UNAVAILABLE`; resolves when nothing is. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort(unavailable("the node here is stopping"));
    await this.#availability.stop();
    await Promise.allSettled(this.#running);
  }

  async #probe(identify: ConnectionInit["identify"]): Promise<Probe> {
    try {
      return await identify((calls) => this.#send(calls, { batch: true }));
    } catch (error) {
      return { state: "down", error };
    }
  }

  async #ask(
    calls: readonly RpcCall[],
    options: CallOptions & { batch: boolean },
  ): Promise<readonly RpcAnswer[]> {
    try {
      const { signal } = options;
      await this.#availability.ready(
        signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal,
      );
      const answers = await this.#send(calls, options);
      this.#availability.noteAnswer();
      this.#count(answers.every(({ ok }) => ok) ? "answered" : "refused");
      return answers;
    } catch (error) {
      this.#count(outcomeOf(error));
      const given = this.#stop.signal.aborted || options.signal?.aborted === true; // up by the caller, or by us
      if (!given && isConnectionError(error)) this.#availability.noteFailure(error);
      throw error;
    }
  }

  /** One request with its deadline, whether the node is known to be up or not. */
  async #send(
    calls: readonly RpcCall[],
    { batch, signal, maxBytes = DEFAULT_MAX_BYTES, deadlineMs = DEADLINE_MS }: CallOptions & {
      batch: boolean;
    },
  ): Promise<readonly RpcAnswer[]> {
    const late = new AbortController();
    using _deadline = this.#components.clock.after(deadlineMs, () => {
      late.abort(new CommonsError("TIMEOUT", `Cannot ask the full node: no answer within ${deadlineMs} ms`));
    });
    const ends = [late.signal, this.#stop.signal, ...(signal ? [signal] : [])];
    const request = { calls, firstId: this.#nextId, batch };
    this.#nextId += calls.length;
    const work = this.#exchange(requestText(request), { maxBytes, signal: AbortSignal.any(ends) });
    this.#running.add(work);
    try {
      return readAnswers(await work, request);
    } finally {
      this.#running.delete(work);
    }
  }

  async #exchange(
    body: string,
    { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
  ): Promise<string> {
    using _slot = await this.#slots.take(signal);
    for (let tries = 0;; tries++) {
      const result = await this.#post(body, { maxBytes, signal });
      if (result.state === "body") return result.text;
      // The node was started anew and wrote another cookie.
      this.#login.renew();
      if (tries > 0 || !this.#login.renewable) throw unavailable("it refuses the login");
    }
  }

  async #post(
    body: string,
    { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
  ): Promise<PostResult> {
    const authorization = await unlessAborted(this.#login.header(), signal); // a file system may hang
    signal.throwIfAborted();
    return await post({
      fetch: this.#components.fetch,
      url: this.#url,
      authorization,
      body,
      maxBytes,
      signal,
    });
  }

  #count(outcome: Outcome): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }
}

function isConnectionError(error: unknown): error is CommonsError {
  if (!isCommonsError(error) || error.detail?.["local"] === true) return false;
  return error.code === "UNAVAILABLE" || error.code === "TIMEOUT";
}

function outcomeOf(error: unknown): Outcome {
  if (isCommonsError(error, "UNAVAILABLE")) return "unavailable";
  if (isCommonsError(error, "TIMEOUT")) return "timeout";
  return isCommonsError(error, "SOURCE_FAULT") ? "fault" : "aborted";
}
