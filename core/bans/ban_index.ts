import type { Clock } from "../base/mod.ts";
import { tryAddress, type Words } from "./address.ts";
import { PrefixTable } from "./prefix_table.ts";
import { peerOfCid } from "./peer_text.ts";
import type { BanRecord } from "./record.ts";
import type { BanTarget } from "./target.ts";
import type { BanEntry } from "./types.ts";

/** A ban in force. What changes is changed in place, so that the tables need not be written again. */
export interface HeldBan {
  readonly target: BanTarget;
  record: BanRecord;
  hits: number;
  /** Monotonic milliseconds of its end; Infinity = never. What the wall clock is set to does not move it. */
  readonly deadline: number;
}

const FULL = 128;

/** The bans that are known, found by target and by what they cover. */
export class BanIndex {
  readonly #clock: Clock;
  readonly #byTarget = new Map<string, HeldBan>();
  readonly #ipv4 = new PrefixTable<HeldBan>();
  readonly #ipv6 = new PrefixTable<HeldBan>();
  readonly #isLive = (held: HeldBan) => held.deadline > this.#clock.monotonic();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byTarget.size;
  }

  get hasAddresses(): boolean {
    return !this.#ipv4.empty || !this.#ipv6.empty;
  }

  /** All of them, also those whose end has come and was not noticed yet. */
  all(): Iterable<HeldBan> {
    return this.#byTarget.values();
  }

  get(target: string): HeldBan | undefined {
    return this.#byTarget.get(target);
  }

  /** The ban of exactly this target, unless it is over. */
  live(target: string): HeldBan | undefined {
    const held = this.get(target);
    return held !== undefined && this.#isLive(held) ? held : undefined;
  }

  set(held: HeldBan): void {
    const { target } = held;
    this.#byTarget.set(target.text, held);
    if (target.kind !== "peer") {
      this.#table(target.network).set(target.network.words, target.network.length, held);
    }
  }

  delete(held: HeldBan): void {
    const { target } = held;
    this.#byTarget.delete(target.text);
    if (target.kind !== "peer") {
      this.#table(target.network).delete(target.network.words, target.network.length);
    }
  }

  /** The live ban of a peer id. */
  ofPeer(peerId: string): HeldBan | undefined {
    if (this.#byTarget.size === 0) return undefined;
    const held = this.#byTarget.get(peerId) ?? this.#byTarget.get(peerOfCid(peerId) ?? "");
    return held !== undefined && held.target.kind === "peer" && this.#isLive(held) ? held : undefined;
  }

  /** The live ban of the longest network around an address. */
  ofAddress(text: string): HeldBan | undefined {
    if (!this.hasAddresses) return undefined;
    const zone = text.indexOf("%");
    const address = tryAddress(zone === -1 ? text : text.slice(0, zone));
    return address && this.#longest(address, FULL);
  }

  /** The live ban that covers a target. */
  covering(target: BanTarget): HeldBan | undefined {
    return target.kind === "peer"
      ? this.ofPeer(target.text)
      : this.#longest(target.network, target.network.length);
  }

  #longest(of: { readonly family: 4 | 6; readonly words: Words }, length: number): HeldBan | undefined {
    return this.#table(of).find(of.words, length, this.#isLive);
  }

  /** IPv6 networks do not cover IPv4 addresses, although these are part of `::/0` as bits. */
  #table({ family }: { readonly family: 4 | 6 }): PrefixTable<HeldBan> {
    return family === 4 ? this.#ipv4 : this.#ipv6;
  }
}

/** A held ban as others see it. */
export function entryOf({ target, record, hits }: HeldBan): BanEntry {
  return { target: target.text, kind: target.kind, ...record, hits };
}
