import type { HashHex } from "../../base/mod.ts";
import type { MempoolEntry } from "../source_types.ts";
import { FeeHistogram } from "./fee_histogram.ts";

/** What one look at the mempool changed. */
export interface MempoolChange {
  readonly added: readonly MempoolEntry[];
  readonly removed: readonly MempoolEntry[];
}

/** The transactions of the last look, and their sums. */
export class MempoolContent {
  #entries = new Map<HashHex, MempoolEntry>();
  readonly #fees = new FeeHistogram();
  #vbytes = 0;
  #feeSats = 0n;

  get size(): number {
    return this.#entries.size;
  }

  get vbytes(): number {
    return this.#vbytes;
  }

  get feeSats(): bigint {
    return this.#feeSats;
  }

  get(txid: HashHex): MempoolEntry | undefined {
    return this.#entries.get(txid);
  }

  txids(): MapIterator<HashHex> {
    return this.#entries.keys();
  }

  /** See {@linkcode FeeHistogram.rateBehind}. */
  rateBehind(vbytes: number): number | undefined {
    return this.#fees.rateBehind(vbytes);
  }

  replace(entries: readonly MempoolEntry[]): MempoolChange {
    const before = this.#entries;
    const now = new Map<HashHex, MempoolEntry>();
    const added: MempoolEntry[] = [];
    for (const entry of entries) {
      if (now.has(entry.txid)) continue;
      const known = before.get(entry.txid);
      now.set(entry.txid, known ?? entry); // what is known stays as it was counted
      if (known === undefined) added.push(entry);
    }
    const removed = [...before.values()].filter(({ txid }) => !now.has(txid));
    this.#entries = now;
    for (const entry of removed) this.#count(entry, -1);
    for (const entry of added) this.#count(entry, 1);
    return { added, removed };
  }

  #count(entry: MempoolEntry, sign: 1 | -1): void {
    this.#vbytes += sign * entry.vsize;
    this.#feeSats += BigInt(sign) * entry.feeSats;
    if (sign === 1) this.#fees.add(entry);
    else this.#fees.remove(entry);
  }
}
