import type { PeerId } from "@libp2p/interface";

const CAPACITY = 1_024;

/**
 * Texts of message authors. Each message brings its author as fresh bytes, and base58 of these costs more than all the
 * other checks of its fields; the same few authors send most messages.
 */
export class AuthorNames {
  readonly #names = new Map<string, string>();

  textOf(author: PeerId): string {
    const key = author.toMultihash().bytes.toHex();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const text = author.toString();
    if (this.#names.size >= CAPACITY) this.#names.clear(); // simpler than an order of use, and as bounded
    this.#names.set(key, text);
    return text;
  }
}
