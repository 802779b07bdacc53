import { createHash } from "node:crypto";
import { type Clock, CommonsError } from "../base/mod.ts";
import { BuildCache } from "./build_cache.ts";
import type { BuildJob } from "./build_job.ts";
import { BuildPool } from "./build_pool.ts";
import type { BuildProcessInit } from "./build_process.ts";
import { checkBuiltSize } from "./build_limits.ts";
import { checkImports } from "./imports.ts";
import type { ModuleSources } from "./source.ts";

/** A module's code: one self-contained ES module text without imports. */
export interface BuiltModule {
  readonly text: string;
  /** `sha256:<64 lower-case hex>` of the text's UTF-8 bytes. */
  readonly hash: string;
  /** Length of those bytes. */
  readonly bytes: number;
}

export interface ModuleBuilder {
  /**
   * Builds a module. An entry of one JavaScript text without imports is the answer as it is, byte for byte; otherwise
   * types are stripped and relative imports and the SDK bundled in, by a process without permissions. The same sources
   * give the same bytes; what was built once is remembered.
   *
   * @throws {CommonsError} `MODULE_SYNTAX`, `TYPESCRIPT_NOT_ERASABLE`, `IMPORT_NOT_ALLOWED`, `IMPORT_NOT_FOUND` (each with
   * `detail.file` and, where known, `line` and `column`), `BUILD_FAILED`, `BUILD_CRASHED`, `BUILD_TOO_LARGE`, `TIMEOUT`
   */
  build(sources: ModuleSources): Promise<BuiltModule>;
  /** What `build` depends on, as one hash: equal keys, equal bytes. */
  keyOf(sources: ModuleSources): string;
  /**
   * A text that an earlier `build` of the same sources gave, checked like a fresh one.
   * @throws {CommonsError} `IMPORT_NOT_ALLOWED`, `MODULE_SYNTAX`, `BUILD_TOO_LARGE` when it cannot have
   */
  accept(text: string, sources: ModuleSources): BuiltModule;
  /** Ends the build processes. */
  close(): Promise<void>;
}

export interface ModuleBuilderInit extends BuildProcessInit {
  /** The SDK as a self-contained ES module text. */
  readonly sdkText: string;
}

/** Texts up to this length are parsed inside of the node, which takes a few milliseconds. */
const MAX_IN_PROCESS = 256 * 1024;

/** Needs `--allow-run` of the node's own executable as soon as something must be built. */
export function createModuleBuilder(
  components: { readonly clock: Clock },
  init: ModuleBuilderInit,
): ModuleBuilder {
  const pool = new BuildPool(components.clock, init);
  const cache = new BuildCache();
  return {
    async build(sources) {
      const key = keyOf(sources, init.sdkText);
      const known = cache.get(key);
      if (known) return known;
      const text = verbatim(sources) ?? await pool.build(jobOf(sources, init.sdkText));
      const built = accept(text, sources);
      cache.set(key, built);
      return built;
    },
    keyOf: (sources) => keyOf(sources, init.sdkText),
    accept,
    close: () => pool.close(),
  };
}

/** The entry's own text when it needs no build; what is wrong with a text is left to the process to explain. */
function verbatim({ entry, files }: ModuleSources): string | undefined {
  const text = files.get(entry);
  if (text === undefined || entry.endsWith(".ts") || text.length > MAX_IN_PROCESS) return undefined;
  try {
    checkImports(text, { file: entry });
    return text;
  } catch (error) {
    if (error instanceof CommonsError) return undefined;
    throw error;
  }
}

/** The process has checked its answer; small ones are checked once more on this side of the wall. */
function accept(text: string, { entry }: ModuleSources): BuiltModule {
  const built = describe(text, entry);
  if (text.length <= MAX_IN_PROCESS) checkImports(text, { file: entry });
  return built;
}

function describe(text: string, entry: string): BuiltModule {
  const bytes = new TextEncoder().encode(text);
  checkBuiltSize(bytes.length, entry);
  const hash = createHash("sha256").update(bytes).digest("hex");
  return Object.freeze({ text, hash: `sha256:${hash}`, bytes: bytes.length });
}

function jobOf({ entry, files }: ModuleSources, sdkText: string): BuildJob {
  return { entry, files: [...files], sdkText };
}

function keyOf({ entry, files }: ModuleSources, sdkText: string): string {
  const hash = createHash("sha256");
  for (const part of [sdkText, entry, ...[...files].flat()]) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}
