import { CommonsError } from "../base/mod.ts";

/** Runs work one after the other; a bounded number may wait. */
export class Turns {
  readonly #max: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws {CommonsError} `CHAIN_BUSY`, `UNAVAILABLE` after `close` */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new CommonsError("UNAVAILABLE", "Cannot change the chain: it is closed"));
    }
    if (this.#waiting >= this.#max) {
      return Promise.reject(
        new CommonsError(
          "CHAIN_BUSY",
          `Cannot change the chain: ${this.#waiting} batches are waiting already`,
        ),
      );
    }
    this.#waiting++;
    const turn = this.#last.then(work).finally(() => this.#waiting--);
    this.#last = turn.catch(() => {}); // told to whoever asked for it
    return turn;
  }

  /** Resolves when everything that was asked for is done; later work is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
