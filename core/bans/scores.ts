import type { Clock } from "../base/mod.ts";
import { type Offence, OFFENCE_POINTS } from "./offences.ts";
import type { OffenceRecord } from "./types.ts";

const MINUTE_MS = 60_000;
/** Offences that are remembered of a peer. */
const MAX_OFFENCES = 20;
/** Peers with a score; the one idle for longest goes first. */
const MAX_PEERS = 10_000;

interface Score {
  points: number;
  /** Monotonic milliseconds up to which the points have decayed. */
  decayed: number;
  offences: readonly OffenceRecord[];
}

/**
 * Points of peers. One goes every whole minute, on reading as on writing, and the rest of a minute is kept: reading often
 * does not slow the decay. Time is monotonic: setting the clock neither forgives nor condemns.
 */
export class Scores {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** Least recently offending first. */
  readonly #scores = new Map<string, Score>();

  constructor(clock: Clock, options: { readonly capacity?: number } = {}) {
    this.#clock = clock;
    this.#capacity = options.capacity ?? MAX_PEERS;
  }

  get size(): number {
    return this.#scores.size;
  }

  /** Adds the points of an offence; answers the new total. */
  add(peerId: string, offence: Offence): number {
    const now = this.#clock.monotonic();
    const score = this.#decayed(peerId, now) ?? { points: 0, decayed: now, offences: [] };
    score.points += OFFENCE_POINTS[offence];
    score.offences = [...score.offences, { offence, at: this.#clock.now() }].slice(-MAX_OFFENCES);
    this.#scores.delete(peerId);
    this.#makeRoom();
    this.#scores.set(peerId, score);
    return score.points;
  }

  of(peerId: string): { readonly points: number; readonly offences: readonly OffenceRecord[] } {
    const { points, offences } = this.#decayed(peerId, this.#clock.monotonic()) ??
      { points: 0, offences: [] };
    return { points, offences };
  }

  reset(peerId: string): void {
    this.#scores.delete(peerId);
  }

  clear(): void {
    this.#scores.clear();
  }

  /** Forgets peers whose points are gone. */
  sweep(): void {
    const now = this.#clock.monotonic();
    for (const peerId of this.#scores.keys()) this.#decayed(peerId, now);
  }

  #decayed(peerId: string, now: number): Score | undefined {
    const score = this.#scores.get(peerId);
    if (score === undefined) return undefined;
    const minutes = Math.floor((now - score.decayed) / MINUTE_MS);
    score.points -= minutes;
    score.decayed += minutes * MINUTE_MS;
    if (score.points > 0) return score;
    this.#scores.delete(peerId);
    return undefined;
  }

  #makeRoom(): void {
    if (this.#scores.size < this.#capacity) return;
    const [oldest] = this.#scores.keys();
    if (oldest !== undefined) this.#scores.delete(oldest);
  }
}
