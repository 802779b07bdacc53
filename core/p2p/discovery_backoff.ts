import { type Clock, jitter, type PeerIdText, type Random } from "../base/mod.ts";
import type { Candidate, DialFailure, FailedDials } from "./discovery_skip.ts";

const FIRST_MS = 10_000;
const LIMIT_MS = 30 * 60_000;
/** The limit for a node that is alone: after a failure of its own line it would find everybody in long waits. */
const ALONE_LIMIT_MS = 60_000;
const FACTOR = 2;
const JITTER = 0.25;
const FORGET_MS = 6 * 3_600_000;
/** Peers remembered; the one that failed longest ago goes first. */
export const MAX_REMEMBERED = 2_000;
const MAX_ADDRESSES = 16;

interface Remembered extends FailedDials {
  /** Monotonic milliseconds of the last failure. */
  readonly at: number;
}

/**
 * Failed dials by peer: each failure in a row doubles the wait, up to half an hour, or a minute while the node is alone;
 * after six hours all is forgotten.
 */
export class DialBackoff {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By age of the last failure, oldest first. */
  readonly #failed = new Map<PeerIdText, Remembered>();

  constructor(components: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = components.clock;
    this.#random = components.random;
  }

  get size(): number {
    return this.#failed.size;
  }

  get(peerId: PeerIdText, { alone = false }: { readonly alone?: boolean } = {}): FailedDials | undefined {
    const entry = this.#failed.get(peerId);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() - entry.at >= FORGET_MS) {
      this.#failed.delete(peerId);
      return undefined;
    }
    return alone ? { ...entry, notBefore: Math.min(entry.notBefore, entry.at + ALONE_LIMIT_MS) } : entry;
  }

  failed({ peerId, addresses }: Candidate, kind: DialFailure): void {
    const count = (this.get(peerId)?.count ?? 0) + 1;
    const now = this.#clock.monotonic();
    const wait = jitter(this.#random, Math.min(LIMIT_MS, FIRST_MS * FACTOR ** (count - 1)), JITTER);
    this.#failed.delete(peerId);
    this.#makeRoom();
    this.#failed.set(peerId, {
      kind,
      count,
      at: now,
      notBefore: now + wait,
      addresses: addresses.slice(0, MAX_ADDRESSES),
    });
  }

  succeeded(peerId: PeerIdText): void {
    this.#failed.delete(peerId);
  }

  #makeRoom(): void {
    for (const oldest of this.#failed.keys()) {
      if (this.#failed.size < MAX_REMEMBERED) return;
      this.#failed.delete(oldest);
    }
  }
}
