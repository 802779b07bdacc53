import { CommonsError } from "../../base/mod.ts";
import { unlessAborted } from "./timed_call.ts";

export interface SharedWorkInit {
  /** Most things that are worked on at once. */
  readonly maxWorks: number;
  /** Most callers that wait at once. */
  readonly maxWaiting: number;
}

interface Work<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** Work by key that all who ask for the same share. It is given up when nobody waits for it any more. */
export class SharedWork<T> {
  readonly #init: SharedWorkInit;
  readonly #works = new Map<string, Work<T>>();
  #waiting = 0;

  constructor(init: SharedWorkInit) {
    this.#init = init;
  }

  /** Things that are worked on. */
  get size(): number {
    return this.#works.size;
  }

  /**
   * Joins the work of `key`, or begins it by `start`.
   * @throws {CommonsError} `BUSY`
   */
  async join(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.#waiting >= this.#init.maxWaiting) throw busy("too many wait already");
    const work = this.#works.get(key) ?? this.#begin(key, start);
    work.waiting++;
    this.#waiting++;
    try {
      return await unlessAborted(work.result, signal);
    } finally {
      this.#waiting--;
      if (--work.waiting === 0) this.#end(key, work);
    }
  }

  /** Gives everything up for `reason`. */
  abort(reason: unknown): void {
    for (const { controller } of this.#works.values()) controller.abort(reason);
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<T>): Work<T> {
    if (this.#works.size >= this.#init.maxWorks) throw busy("too many are under way already");
    const controller = new AbortController();
    const result = unlessAborted(start(controller.signal), controller.signal);
    result.catch(() => {}); // told to those who wait
    const work = { result, controller, waiting: 0 };
    this.#works.set(key, work);
    return work;
  }

  /** Nobody waits any more: it is done, or not needed. */
  #end(key: string, { controller }: Work<T>): void {
    this.#works.delete(key);
    controller.abort(new CommonsError("ABORTED", "Cannot go on: nobody waits for it"));
  }
}

function busy(state: string): CommonsError {
  return new CommonsError("BUSY", `Cannot get a block: ${state}`);
}
