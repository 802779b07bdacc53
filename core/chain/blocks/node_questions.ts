import { CommonsError, isCommonsError } from "../../base/mod.ts";
import type { FullNode } from "../source_types.ts";
import { timedCall } from "./timed_call.ts";
import type { BlockServiceComponents } from "./types.ts";

/** How long the full node may take for an answer. */
const NODE_MS = 30_000;
/** Most questions that wait for the full node's answer. */
const MAX_QUESTIONS = 64;

/** Questions that only the operator's full node can answer. */
export class NodeQuestions {
  readonly #components: Pick<BlockServiceComponents, "fullNode" | "desk" | "clock">;
  readonly #closing = new AbortController();
  #open = 0;

  constructor(components: Pick<BlockServiceComponents, "fullNode" | "desk" | "clock">) {
    this.#components = components;
  }

  /**
   * @param what What is asked for, for errors: `find a transaction`
   * @throws {CommonsError} `UNAVAILABLE` without a full node, `BUSY`, `TIMEOUT`, and what the full node throws
   */
  async ask<T>(
    what: string,
    question: (node: FullNode, signal: AbortSignal) => Promise<T>,
    { signal }: { readonly signal: AbortSignal | undefined },
  ): Promise<T> {
    const { fullNode, clock, desk } = this.#components;
    if (fullNode === undefined) {
      throw new CommonsError("UNAVAILABLE", `Cannot ${what}: no full node is attached`);
    }
    this.#closing.signal.throwIfAborted();
    if (this.#open >= MAX_QUESTIONS) {
      throw new CommonsError("BUSY", `Cannot ${what}: too many ask the full node`);
    }
    this.#open++;
    const closing = this.#closing.signal;
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing]);
    try {
      return await timedCall((asking) => question(fullNode, asking), {
        clock,
        ms: NODE_MS,
        what,
        signal: either,
      });
    } catch (error) {
      if (isCommonsError(error, "SOURCE_FAULT")) desk.noteRefused(fullNode.name, { code: error.code });
      throw error;
    } finally {
      this.#open--;
    }
  }

  /** Tells the desk that an answer broke a rule, and makes the error for the caller. */
  blame(cause: unknown, what: string): CommonsError {
    const { fullNode, desk } = this.#components;
    const code = isCommonsError(cause) ? cause.code : "INTERNAL";
    if (fullNode !== undefined) desk.noteRefused(fullNode.name, { code });
    return new CommonsError("SOURCE_FAULT", `Cannot ${what}: the full node's answer is wrong`, {
      cause,
      detail: { fault: code },
    });
  }

  close(): void {
    this.#closing.abort(new CommonsError("UNAVAILABLE", "Cannot ask the full node: the node is stopping"));
  }
}
