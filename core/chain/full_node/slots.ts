import { unavailable } from "./rpc_errors.ts";

interface Waiter {
  readonly go: () => void;
}

/** Lets so many work at once; so many more wait, in order. */
export class Slots {
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Waiter>();
  #free: number;

  constructor({ slots, maxWaiting }: { readonly slots: number; readonly maxWaiting: number }) {
    this.#free = slots;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * A slot; disposing gives it back, once.
   * @throws {CommonsError} `UNAVAILABLE` when too many wait; and the reason of `signal`
   */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.size >= this.#maxWaiting) {
      throw unavailable("too many calls wait for it", { local: true });
    } else await this.#wait(signal);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        go() {
          signal.removeEventListener("abort", give);
          resolve();
        },
      };
      const give = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", give, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** Hands the slot to who waits longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next.go();
  }
}
