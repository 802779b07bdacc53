import { type Clock, CommonsError, type Timer } from "../base/mod.ts";

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly due: number;
  readonly deadlineMs: number;
}

const MAX_PENDING = 4_096;
const SWEEP_MS = 100;

/**
 * Invocations that wait for a module's answer. One sweep serves all their deadlines, so a deadline is kept to within
 * 100 ms and an invocation costs no timer.
 */
export class PendingInvocations {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Pending>();
  #nextId = 1;
  #sweep: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @throws {CommonsError} `MODULE_BUSY` when too many wait already */
  add(deadlineMs: number): { readonly id: number; readonly answer: Promise<unknown> } {
    if (this.#waiting.size >= MAX_PENDING) {
      throw new CommonsError(
        "MODULE_BUSY",
        `Cannot ask the module: ${MAX_PENDING} requests wait for it already`,
      );
    }
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject, due: this.#clock.monotonic() + deadlineMs, deadlineMs });
    this.#sweep ??= this.#clock.every(SWEEP_MS, () => this.#expire());
    return { id, answer: promise };
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  reject(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  rejectAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#sweep?.[Symbol.dispose]();
      this.#sweep = undefined;
    }
    return pending;
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    for (const [id, { due, deadlineMs }] of this.#waiting) {
      if (due > now) continue;
      this.reject(
        id,
        new CommonsError("TIMEOUT", `Cannot wait longer: no answer from the module within ${deadlineMs} ms`),
      );
    }
  }
}
