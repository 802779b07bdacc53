import type { BuiltModule } from "./build.ts";

const MAX_BYTES = 16 * 1024 * 1024;

/** What was built, by the hash of everything that went in; the least recently used goes first. */
export class BuildCache {
  readonly #entries = new Map<string, BuiltModule>();
  #bytes = 0;

  get(key: string): BuiltModule | undefined {
    const found = this.#entries.get(key);
    if (found) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  set(key: string, built: BuiltModule): void {
    if (this.#entries.has(key)) return;
    this.#entries.set(key, built);
    this.#bytes += built.bytes;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#entries.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
