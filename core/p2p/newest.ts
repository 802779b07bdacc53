import type { Clock } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

const MAX_AUTHORS = 4_096;
/** After this long without a word from an author its clock may have been set back. */
const FORGET_MS = 120_000;

/** Tells an author's newer messages from the older ones that come late over longer ways. */
export class NewestByAuthor {
  readonly #clock: Clock;
  readonly #newest = new RecentMap<string, { readonly order: number; readonly at: number }>(MAX_AUTHORS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a message; false when the author has said something newer. */
  add(author: string, order: number): boolean {
    const now = this.#clock.monotonic();
    const known = this.#newest.get(author);
    if (known !== undefined && order < known.order && now - known.at < FORGET_MS) return false;
    this.#newest.set(author, { order, at: now });
    return true;
  }
}
