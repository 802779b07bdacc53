import type { Clock, Timer } from "./clock.ts";

interface Entry {
  due: number;
  readonly every: number | undefined;
  readonly fn: () => void;
  active: boolean;
}

/** A clock that moves only when told to; for tests. */
export class FakeClock implements Clock {
  /** Monotonic time; timers wait for it. */
  #now: number;
  /** Wall clock minus monotonic time. */
  #offset = 0;
  #entries: Entry[] = [];

  constructor(start = 1_700_000_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now + this.#offset;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    return this.#add(ms, undefined, fn);
  }

  every(ms: number, fn: () => void): Timer {
    return this.#add(ms, Math.max(1, ms), fn);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#entries.length;
  }

  /** Moves the wall clock only, as when somebody sets it: monotonic time and timers do not notice. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Moves time on by `ms`, firing due timers in order and letting microtasks run after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#entries.filter((entry) => entry.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.due);
      if (next.every === undefined) this.#remove(next);
      else next.due += next.every;
      next.fn();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #add(ms: number, every: number | undefined, fn: () => void): Timer {
    const entry: Entry = { due: this.#now + Math.max(0, ms), every, fn, active: true };
    this.#entries.push(entry);
    return {
      get active() {
        return entry.active;
      },
      [Symbol.dispose]: () => this.#remove(entry),
    };
  }

  #remove(entry: Entry): void {
    entry.active = false;
    this.#entries = this.#entries.filter((other) => other !== entry);
  }
}

/** Lets everything that is already resolved run: a few rounds of microtasks and one macrotask. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
