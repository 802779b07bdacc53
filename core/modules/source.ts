import { CommonsError } from "../base/mod.ts";
import { MAX_BUILT_BYTES, MAX_SOURCE_BYTES, MAX_SOURCE_FILES, MAX_SOURCES_BYTES } from "./build_limits.ts";
import { lexImports } from "./imports_locate.ts";
import { resolveImport } from "./imports_resolve.ts";
import type { Manifest } from "./manifest_types.ts";
import { readRegularFile } from "./source_read.ts";

/** The source texts of a module, each read exactly once. Nothing that is done with them touches the disk again. */
export interface ModuleSources {
  /** Path of the entry among `files`. */
  readonly entry: string;
  /** Path inside the module's folder → text, in order of paths. A byte order mark is part of the text. */
  readonly files: ReadonlyMap<string, string>;
  /** Bytes of all files together. */
  readonly bytes: number;
}

/**
 * Reads the entry of a module and, from import to import, the files of its folder that it needs. Files that nothing
 * imports (tests, read-me files) are not read. Whether an import is allowed is for the build to say; what cannot be
 * found is left out. Needs `--allow-read` of `folder`.
 *
 * @throws {CommonsError} `ENTRY_NOT_FOUND`, `SOURCE_NOT_REGULAR`, `SOURCE_TOO_LARGE`, `SOURCE_NOT_TEXT`,
 * `SOURCE_UNREADABLE`
 */
export async function readSources(
  folder: string,
  manifest: Pick<Manifest, "entryPoint">,
): Promise<ModuleSources> {
  const reader = new SourceReader(await realFolder(folder), manifest.entryPoint);
  await reader.readAll();
  if (!reader.files.has(manifest.entryPoint)) {
    throw new CommonsError(
      "ENTRY_NOT_FOUND",
      `Cannot find the entry point ${manifest.entryPoint}: no such file`,
      {
        detail: { path: manifest.entryPoint },
      },
    );
  }
  const files = new Map([...reader.files].sort(([a], [b]) => a < b ? -1 : 1));
  return { entry: manifest.entryPoint, files, bytes: reader.bytes };
}

class SourceReader {
  readonly files = new Map<string, string>();
  bytes = 0;
  readonly #root: string;
  readonly #entry: string;
  /** Every path that was asked for, found or not: none is asked for twice. */
  readonly #asked = new Set<string>();

  constructor(root: string, entry: string) {
    this.#root = root;
    this.#entry = entry;
  }

  async readAll(): Promise<void> {
    const waiting: string[] = [];
    await this.#load(this.#entry, waiting);
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      for (const { specifier, typeOnly } of lexImports(this.files.get(path) ?? "")) {
        const resolved = resolveImport(specifier, path);
        if (typeOnly || resolved.kind !== "file") continue;
        for (const candidate of resolved.paths) if (await this.#load(candidate, waiting)) break;
      }
    }
  }

  /** Reads a file unless it has been; true when it is there. */
  async #load(path: string, waiting: string[]): Promise<boolean> {
    if (this.#asked.has(path)) return this.files.has(path);
    if (this.#asked.size >= 2 * MAX_SOURCE_FILES) throw tooMany();
    this.#asked.add(path);
    const maxBytes = path === this.#entry && !path.endsWith(".ts") ? MAX_BUILT_BYTES : MAX_SOURCE_BYTES;
    const bytes = await readRegularFile({ root: this.#root, path, maxBytes });
    if (bytes === undefined) return false;
    this.bytes += bytes.length;
    if (this.bytes > MAX_SOURCES_BYTES || this.files.size >= MAX_SOURCE_FILES) throw tooMany();
    this.files.set(path, decode(bytes, path));
    waiting.push(path);
    return true;
  }
}

/** Strict, and keeps a byte order mark: the text's bytes are the file's. */
function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CommonsError("SOURCE_NOT_TEXT", `Cannot read ${path}: not UTF-8`, { cause, detail: { path } });
  }
}

function tooMany(): CommonsError {
  return new CommonsError(
    "SOURCE_TOO_LARGE",
    `Cannot read the sources: more than ${MAX_SOURCE_FILES} files or ${MAX_SOURCES_BYTES} bytes`,
  );
}

async function realFolder(folder: string): Promise<string> {
  try {
    if ((await Deno.lstat(folder)).isDirectory) return await Deno.realPath(folder);
  } catch (cause) {
    throw new CommonsError("SOURCE_UNREADABLE", "Cannot read the module's folder: not there", { cause });
  }
  throw new CommonsError("SOURCE_NOT_REGULAR", "Cannot read the module's folder: it is no folder");
}
