import type { Caller } from "./guard.ts";

const MIN_PER_SOURCE = 4;

/** Counts long-lived clients: at most `max` in all, and per source a part of it (at least 4) unless on loopback. */
export class ClientSlots {
  readonly #max: number;
  readonly #perSource: number;
  readonly #isTrusted: (remote: string) => boolean;
  readonly #held = new Map<string, number>();
  #total = 0;

  /** `share`: into how many parts `max` is divided for each source, default 4; `isTrusted`: for whom there are no parts. */
  constructor(
    max: number,
    { share = 4, isTrusted = () => false }: {
      readonly share?: number;
      readonly isTrusted?: ((remote: string) => boolean) | undefined;
    } = {},
  ) {
    this.#max = max;
    this.#isTrusted = isTrusted;
    this.#perSource = Math.max(MIN_PER_SOURCE, Math.floor(max / share));
  }

  get taken(): number {
    return this.#total;
  }

  /** A slot to dispose (twice is harmless), or `undefined` when there is none. */
  take(caller: Pick<Caller, "source" | "remote" | "loopback">): Disposable | undefined {
    const held = this.#held.get(caller.source) ?? 0;
    if (this.#total >= this.#max) return undefined;
    if (held >= this.#perSource && !caller.loopback && !this.#isTrusted(caller.remote)) return undefined;
    this.#total++;
    this.#held.set(caller.source, held + 1);
    let mine = true;
    return {
      [Symbol.dispose]: () => {
        if (!mine) return;
        mine = false;
        this.#release(caller.source);
      },
    };
  }

  #release(source: string): void {
    this.#total--;
    const left = (this.#held.get(source) ?? 1) - 1;
    if (left === 0) this.#held.delete(source);
    else this.#held.set(source, left);
  }
}
