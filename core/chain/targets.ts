import { targetFromBits } from "../base/mod.ts";
import { workOfTarget } from "./compact.ts";
import { HASH_WORDS } from "./record.ts";

/** A target as hashes are compared with it. */
export interface Target {
  readonly bits: number;
  /** Little-endian words, least significant first, as a hash on the wire. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Work of one header with it. */
  readonly work: bigint;
}

/** Different bits that are remembered; a chain of 2024 has some 430, a testnet's not many more at a time. */
const MAX_KEPT = 2_000;

/** Targets by bits, computed once: hundreds of headers in a row have the same. */
export class Targets {
  readonly #kept = new Map<number, Target>();
  #last: Target | undefined;

  /** The target of `bits`; for bits that no header may have a target that no hash reaches. */
  of(bits: number): Target {
    if (this.#last?.bits === bits) return this.#last;
    const target = this.#kept.get(bits) ?? this.#add(bits);
    this.#last = target;
    return target;
  }

  #add(bits: number): Target {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const value = targetFromBits(bits);
    const words = new Uint32Array(HASH_WORDS);
    for (let i = 0; i < HASH_WORDS; i++) words[i] = Number(((value ?? 0n) >> BigInt(32 * i)) & 0xffff_ffffn);
    const target = { bits, words, work: value === undefined ? 0n : workOfTarget(value) };
    this.#kept.set(bits, target);
    return target;
  }
}

/** True when the hash at `at` of `words` is a larger number than the target. */
export function isAbove(target: Target, words: Uint32Array, at: number): boolean {
  for (let i = HASH_WORDS - 1; i >= 0; i--) {
    const digit = words[at + i] ?? 0;
    const limit = target.words[i] ?? 0;
    if (digit !== limit) return digit > limit;
  }
  return false;
}
