import type { Schedule } from "../runtime/timers.ts";

interface Entry {
  due: number;
  readonly every: number | undefined;
  readonly fn: () => void;
}

/** Timers that run when the test says so. */
export class FakeSchedule implements Schedule {
  readonly #entries = new Set<Entry>();
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  /** Unix milliseconds. */
  get now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    return this.#add({ due: this.#now + Math.max(0, ms), every: undefined, fn });
  }

  every(ms: number, fn: () => void): () => void {
    const every = Math.max(1, ms);
    return this.#add({ due: this.#now + every, every, fn });
  }

  /** Lets time pass; `between` is awaited after each timer that ran. */
  async advance(ms: number, between: () => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      if (next.every === undefined) this.#entries.delete(next);
      else next.due += next.every;
      next.fn();
      await between();
    }
    this.#now = end;
  }

  #add(entry: Entry): () => void {
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  #next(end: number): Entry | undefined {
    return [...this.#entries].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
  }
}
