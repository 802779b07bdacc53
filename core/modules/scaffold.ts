import { join } from "node:path";
import { CommonsError, errorText, parseModuleName } from "../base/mod.ts";
import { scaffoldTexts } from "./scaffold_texts.ts";

/** What {@linkcode scaffoldModule} made. */
export interface ScaffoldReport {
  readonly name: string;
  /** Path of the new folder, as the caller would write it. */
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * Makes the folder of a new module in `dir`: manifest, entry, a test and a read-me. Nothing that is there is touched.
 * Needs `--allow-read` and `--allow-write` of `dir`.
 * @throws {CommonsError} `INVALID_MODULE_NAME`, `FILE_EXISTS`, `NOT_WRITTEN`
 */
export async function scaffoldModule(
  options: { readonly name: string; readonly dir: string },
): Promise<ScaffoldReport> {
  const name = parseModuleName(options.name);
  const folder = join(options.dir, name);
  await makeFolder(options.dir, folder);
  const texts = scaffoldTexts(name);
  for (const [file, text] of Object.entries(texts)) {
    try {
      await Deno.writeTextFile(join(folder, file), text, { createNew: true });
    } catch (cause) {
      throw notWritten(join(folder, file), cause);
    }
  }
  return { name, folder, files: Object.keys(texts) };
}

async function makeFolder(dir: string, folder: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true });
    await Deno.mkdir(folder); // not recursive: fails when there is something of that name
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new CommonsError("FILE_EXISTS", `Cannot make ${folder}: it is there already`, { cause });
    }
    throw notWritten(folder, cause);
  }
}

function notWritten(path: string, cause: unknown): CommonsError {
  return new CommonsError("NOT_WRITTEN", `Cannot write ${path}: ${errorText(cause)}`, { cause });
}
