import type { Caller } from "./guard.ts";

const MIN_PER_SOURCE = 4;

/** The place of one client. Disposing (twice is harmless) gives it back. */
export interface ClientSlot extends Disposable {
  /**
   * The node has given the client up, and its connection is still there: one that does not read cannot be cut off. From now
   * on it counts for its source, and in all only where as many as may be open stand about like this.
   */
  linger(): void;
}

/** Counts long-lived clients: at most `max` in all, and per source a part of it (at least 4) unless on loopback. */
export class ClientSlots {
  readonly #max: number;
  readonly #perSource: number;
  readonly #isTrusted: (remote: string) => boolean;
  readonly #held = new Map<string, number>();
  #live = 0;
  #lingering = 0;

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

  /** All whose connections are there. */
  get taken(): number {
    return this.#live + this.#lingering;
  }

  /** A slot, or `undefined` when there is none. */
  take(caller: Pick<Caller, "source" | "remote" | "loopback">): ClientSlot | undefined {
    const held = this.#held.get(caller.source) ?? 0;
    if (this.#live + Math.max(0, this.#lingering - this.#max) >= this.#max) return undefined;
    if (held >= this.#perSource && !caller.loopback && !this.#isTrusted(caller.remote)) return undefined;
    this.#live++;
    this.#held.set(caller.source, held + 1);
    let state: "live" | "lingering" | "gone" = "live";
    return {
      linger: () => {
        if (state !== "live") return;
        state = "lingering";
        this.#live--;
        this.#lingering++;
      },
      [Symbol.dispose]: () => {
        if (state === "live") this.#live--;
        else if (state === "lingering") this.#lingering--;
        else return;
        state = "gone";
        this.#release(caller.source);
      },
    };
  }

  #release(source: string): void {
    const left = (this.#held.get(source) ?? 1) - 1;
    if (left === 0) this.#held.delete(source);
    else this.#held.set(source, left);
  }
}
