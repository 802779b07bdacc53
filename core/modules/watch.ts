import { type Clock, errorText, type ModuleName, type Timer, tryModuleName } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";

/** Tells of changes below a folder; the one who starts it ends it. */
export interface FolderWatch {
  /**
   * Calls `onChange` with paths inside the folder, parts joined by `/`. May tell of too much, and of the same thing many
   * times.
   */
  start(onChange: (path: string) => void): Disposable;
}

/** Quiet time after a change before it counts: an editor and a compiler write a file in several steps. */
const QUIET_MS = 300;
/** A module whose files never come to rest is looked at after so long anyway. */
const LONGEST_MS = 3_000;
/** Modules that may have changed at a time; beyond that, whatever changes then is found at the next change. */
const MAX_WAITING = 1_000;

/** What editors and version control leave beside the files that they write. */
const PASSING_FILES = [
  /^\./, // hidden: .git, .x.swp, .DS_Store
  /~$/, // backups
  /^#.*#$/, // Emacs
  /^4913$/, // Vim tries whether it may write
  /\.(?:sw[a-p]|tmp|temp|part|crdownload|bak|orig|rej)$/i,
  /___jb_(?:tmp|old)___$/, // JetBrains
  /^node_modules$/,
];

/** The module that a change is about, or `undefined` when it is about none that runs from files like this. */
export function changedModule(path: string): ModuleName | undefined {
  const parts = path.split("/");
  if (parts.some((part) => PASSING_FILES.some((pattern) => pattern.test(part)))) return undefined;
  return tryModuleName(parts[0] ?? "");
}

export interface WatchComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly folder: FolderWatch;
}

/**
 * Calls `onChange` for each module whose files changed, once they have been quiet for 300 ms, one call at a time for each
 * module; a change during a call means one more call. `onChange` must not reject.
 */
export function watchModules(
  components: WatchComponents,
  onChange: (name: ModuleName) => Promise<void>,
): Disposable {
  return new ModuleWatch(components, onChange);
}

interface Waiting {
  readonly since: number;
  timer: Timer | undefined;
  busy: boolean;
  again: boolean;
}

class ModuleWatch implements Disposable {
  readonly #components: WatchComponents;
  readonly #onChange: (name: ModuleName) => Promise<void>;
  readonly #waiting = new Map<ModuleName, Waiting>();
  readonly #watching: Disposable;
  #closed = false;

  constructor(components: WatchComponents, onChange: (name: ModuleName) => Promise<void>) {
    this.#components = components;
    this.#onChange = onChange;
    this.#watching = components.folder.start((path) => this.#changed(path));
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#watching[Symbol.dispose]();
    for (const { timer } of this.#waiting.values()) timer?.[Symbol.dispose]();
    this.#waiting.clear();
  }

  #changed(path: string): void {
    const name = changedModule(path);
    if (name === undefined || this.#closed) return;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined && this.#waiting.size >= MAX_WAITING) {
      return this.#components.logger.warn("a change was passed over: too many at a time", { module: name });
    }
    if (waiting?.busy) waiting.again = true;
    else this.#wait(name, waiting?.since ?? this.#components.clock.monotonic());
  }

  #wait(name: ModuleName, since: number): void {
    const { clock } = this.#components;
    this.#waiting.get(name)?.timer?.[Symbol.dispose]();
    const left = Math.max(0, since + LONGEST_MS - clock.monotonic());
    const timer = clock.after(Math.min(QUIET_MS, left), () => void this.#run(name));
    this.#waiting.set(name, { since, timer, busy: false, again: false });
  }

  async #run(name: ModuleName): Promise<void> {
    const { clock, logger } = this.#components;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    waiting.timer = undefined;
    waiting.busy = true;
    try {
      await this.#onChange(name);
    } catch (error) {
      logger.error("cannot follow a change of a module", { module: name, error: errorText(error) });
    }
    this.#waiting.delete(name);
    if (waiting.again && !this.#closed) this.#wait(name, clock.monotonic());
  }
}
