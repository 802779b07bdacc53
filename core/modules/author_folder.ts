import { join } from "node:path";
import { CommonsError, errorText, systemRandom, toHex } from "../base/mod.ts";
import { parseManifest } from "./manifest.ts";
import { type Manifest, MAX_MANIFEST_BYTES } from "./manifest_types.ts";
import { readRegularFile } from "./source_read.ts";

const MANIFEST_FILE = "module.toml";

/** A module's folder as its author works on it, anywhere on disk. */
export interface AuthorFolder {
  /** Absolute, symbolic links resolved. */
  readonly folder: string;
  /** Text of the manifest, as it is on disk. */
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * Opens a module's folder. Needs `--allow-read` of it.
 * @throws {CommonsError} `MODULE_NOT_FOUND`, `MANIFEST_MISSING`, and those of reading and parsing the manifest
 */
export async function openAuthorFolder(dir: string): Promise<AuthorFolder> {
  let folder: string;
  try {
    folder = await Deno.realPath(dir);
  } catch (cause) {
    throw new CommonsError("MODULE_NOT_FOUND", `Cannot use the folder ${dir}: ${errorText(cause)}`, {
      cause,
    });
  }
  const bytes = await readRegularFile({ root: folder, path: MANIFEST_FILE, maxBytes: MAX_MANIFEST_BYTES });
  if (bytes === undefined) {
    throw new CommonsError("MANIFEST_MISSING", `Cannot use the folder ${dir}: it has no ${MANIFEST_FILE}`);
  }
  const manifest = parseManifest(bytes, { file: MANIFEST_FILE });
  return { folder, text: new TextDecoder().decode(bytes), manifest };
}

/** Writes the manifest's new text, whole or not at all. Needs `--allow-write` of the folder. */
export async function writeManifest({ folder, text }: AuthorFolder, edited: string): Promise<void> {
  if (edited !== text) await writeWhole(join(folder, MANIFEST_FILE), edited);
}

/** Writes beside the file and renames, so that a node that watches the folder never sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${toHex(systemRandom.bytes(8))}.tmp`;
  try {
    await Deno.writeTextFile(draft, text, { createNew: true });
    await Deno.rename(draft, path);
  } catch (cause) {
    await Deno.remove(draft).catch(() => {}); // it may not have come into being
    throw new CommonsError("NOT_WRITTEN", `Cannot write ${path}: ${errorText(cause)}`, { cause });
  }
}
