import { relative, sep } from "node:path";
import { type Clock, errorText, type Timer } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { FolderWatch } from "./watch.ts";

/** A folder that cannot be watched, or no more, is tried again after so long. */
const RETRY_MS = 5_000;

/** Tells of changes below a folder on disk, through the operating system. Needs `--allow-read` of `dir`. */
export function createFolderWatch(
  components: { readonly clock: Clock; readonly logger: Logger },
  init: { readonly dir: string },
): FolderWatch {
  return { start: (onChange) => new DiskWatch({ ...components, ...init, onChange }) };
}

interface DiskWatchParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dir: string;
  readonly onChange: (path: string) => void;
}

class DiskWatch implements Disposable {
  readonly #parts: DiskWatchParts;
  #watcher: Deno.FsWatcher | undefined;
  #retry: Timer | undefined;
  #closed = false;
  #said = false;

  constructor(parts: DiskWatchParts) {
    this.#parts = parts;
    this.#open();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#retry?.[Symbol.dispose]();
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #open(): void {
    const { dir, logger } = this.#parts;
    try {
      const root = Deno.realPathSync(dir);
      const watcher = Deno.watchFs(root, { recursive: true });
      this.#watcher = watcher;
      if (this.#said) logger.info("the modules folder is watched again");
      this.#said = false;
      this.#follow(watcher, root).catch((error) => this.#lost(errorText(error)));
    } catch (error) {
      this.#lost(errorText(error));
    }
  }

  async #follow(watcher: Deno.FsWatcher, root: string): Promise<void> {
    for await (const { kind, paths } of watcher) {
      if (kind === "access") continue;
      for (const path of paths) {
        const inside = relative(root, path).split(sep).join("/");
        // The folder itself went: what may come in its place is another one.
        if (inside === "" && kind === "remove") return this.#lost("it was removed");
        if (inside !== "" && !inside.startsWith("../")) this.#parts.onChange(inside);
      }
    }
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#watcher?.close();
    this.#watcher = undefined;
    if (!this.#said) this.#parts.logger.warn("cannot watch the modules folder, trying again", { error: why });
    this.#said = true;
    this.#retry = this.#parts.clock.after(RETRY_MS, () => this.#open());
  }
}
