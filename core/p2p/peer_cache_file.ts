import { errorText } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { type CachedPeer, readCache, writeCache } from "./peer_cache.ts";

/** Far above a hundred peers: what is bigger is not ours, and is not read. */
const MAX_BYTES = 1024 * 1024;

/**
 * The peer cache on disk. A write replaces the whole file by a rename, after the new bytes are on the disk: whenever the
 * process or the machine dies, the file is the old one or the new one. Requires `--allow-read` and `--allow-write` for
 * the file's folder.
 */
export class PeerCacheFile {
  readonly #path: string;
  readonly #logger: Logger;
  /** The write under way: later ones wait for it, so that the last one asked for is what stays. */
  #writing: Promise<void> = Promise.resolve();

  constructor(components: { readonly logger: Logger }, init: { readonly path: string }) {
    this.#path = init.path;
    this.#logger = components.logger;
  }

  /** What was saved; nothing when there is no file or it can't be used. A damaged one is kept beside as `.bad`. */
  async load(now: number): Promise<CachedPeer[]> {
    let text: string;
    try {
      const info = await Deno.lstat(this.#path);
      if (!info.isFile || info.size > MAX_BYTES) throw new Error("it is no file of ours");
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#warn("cannot read the peer cache", error);
      return [];
    }
    try {
      return readCache(text, now);
    } catch (error) {
      this.#warn("the peer cache is damaged: starting without", error);
      await Deno.rename(this.#path, `${this.#path}.bad`).catch((cause) =>
        this.#warn("cannot keep the damaged peer cache", cause)
      );
      return [];
    }
  }

  /** Never rejects: a cache that can't be written is logged and tried again the next time. */
  save(peers: readonly CachedPeer[]): Promise<void> {
    const text = writeCache(peers);
    this.#writing = this.#writing.then(() => this.#write(text)).catch((error) =>
      this.#warn("cannot write the peer cache", error)
    );
    return this.#writing;
  }

  /** One temporary file for all writes, so that processes that die leave one at most. */
  async #write(text: string): Promise<void> {
    const draft = `${this.#path}.tmp`;
    {
      using file = await Deno.open(draft, { write: true, create: true, truncate: true, mode: 0o600 });
      let rest = new TextEncoder().encode(text);
      while (rest.length > 0) rest = rest.subarray(await file.write(rest));
      await file.sync();
    }
    await Deno.rename(draft, this.#path);
  }

  #warn(message: string, error: unknown): void {
    this.#logger.warn(message, { path: this.#path, error: errorText(error) });
  }
}
