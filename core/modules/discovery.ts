import { join } from "node:path";
import { CommonsError, parseModuleName } from "../base/mod.ts";
import { parseManifest } from "./manifest.ts";
import { type Manifest, MAX_MANIFEST_BYTES } from "./manifest_types.ts";
import { readRegularFile } from "./source_read.ts";

/** A module folder whose manifest is fine. */
export interface FoundModule {
  /** Absolute path of the folder, symbolic links above it resolved. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A folder that looks like a module but cannot be one. `folder` is its name inside the modules dir. */
export interface DiscoveryFault {
  readonly folder: string;
  readonly error: CommonsError;
}

export interface Discovery {
  readonly modules: readonly FoundModule[];
  readonly faults: readonly DiscoveryFault[];
}

const MAX_FOLDERS = 1000;
const MAX_ENTRIES = 10_000;
const AT_ONCE = 32;
const MANIFEST_FILE = "module.toml";

/**
 * Finds the modules in the folders directly under `dir`, by name. Folders without `module.toml`, hidden ones and files
 * are passed over; a bad folder is a fault of its own and never hides another. A missing `dir` has no modules.
 * Needs `--allow-read` of `dir`.
 */
export async function discoverModules(options: { readonly dir: string }): Promise<Discovery> {
  const root = await realDir(options.dir);
  if (root === undefined) return { modules: [], faults: [] };
  const { names, faults } = await listFolders(root);
  const modules: FoundModule[] = [];
  for (let from = 0; from < names.length; from += AT_ONCE) {
    await Promise.all(
      names.slice(from, from + AT_ONCE).map(async (name) => {
        try {
          const manifest = await readManifestOf(root, name);
          if (manifest) modules.push({ folder: join(root, name), manifest });
        } catch (error) {
          faults.push({ folder: name, error: asCommonsError(error, name) });
        }
      }),
    );
  }
  modules.sort((a, b) => a.manifest.name < b.manifest.name ? -1 : 1);
  return { modules, faults };
}

/**
 * Finds one module by name, its manifest freshly read.
 * @throws {CommonsError} `INVALID_MODULE_NAME`, `MODULE_NOT_FOUND`, `MANIFEST_MISSING`, and those of
 * {@linkcode discoverModules}' faults
 */
export async function findModule(dir: string, name: string): Promise<FoundModule> {
  const folder = parseModuleName(name);
  const root = await realDir(dir);
  const info = root && await Deno.lstat(join(root, folder)).catch(() => undefined); // not there, or not to be seen
  if (root === undefined || !info) {
    throw new CommonsError(
      "MODULE_NOT_FOUND",
      `Cannot find module ${folder}: no such folder in the modules dir`,
    );
  }
  if (info.isSymlink) throw linkFault(folder);
  const manifest = info.isDirectory ? await readManifestOf(root, folder) : undefined;
  if (!manifest) {
    throw new CommonsError("MANIFEST_MISSING", `Cannot use folder ${folder}: it has no ${MANIFEST_FILE}`);
  }
  return { folder: join(root, folder), manifest };
}

async function readManifestOf(root: string, folder: string): Promise<Manifest | undefined> {
  const file = `${folder}/${MANIFEST_FILE}`;
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readRegularFile({ root, path: file, maxBytes: MAX_MANIFEST_BYTES });
  } catch (error) {
    if (!(error instanceof CommonsError) || error.code !== "SOURCE_TOO_LARGE") throw error;
    throw new CommonsError("MANIFEST_TOO_LARGE", `Cannot read ${file}: over ${MAX_MANIFEST_BYTES} bytes`);
  }
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes, { file });
  if (manifest.name !== folder) {
    throw new CommonsError(
      "MODULE_NAME_MISMATCH",
      `Cannot use folder ${JSON.stringify(folder.slice(0, 80))}: its manifest is for module ${manifest.name}`,
      { detail: { folder, name: manifest.name } },
    );
  }
  return manifest;
}

async function listFolders(root: string): Promise<{ names: string[]; faults: DiscoveryFault[] }> {
  const names: string[] = [];
  const faults: DiscoveryFault[] = [];
  let seen = 0;
  for await (const entry of Deno.readDir(root)) {
    if (++seen > MAX_ENTRIES) break;
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) names.push(entry.name);
    else if (entry.isSymlink && await leadsToFolder(join(root, entry.name))) {
      faults.push({ folder: entry.name, error: linkFault(entry.name) });
    }
  }
  names.sort();
  if (seen > MAX_ENTRIES || names.length > MAX_FOLDERS) {
    const message = `Cannot look at every folder: more than ${MAX_FOLDERS} are in the modules dir`;
    faults.push({ folder: ".", error: new CommonsError("TOO_MANY_MODULES", message) });
  }
  return { names: names.slice(0, MAX_FOLDERS), faults };
}

async function leadsToFolder(path: string): Promise<boolean> {
  const target = await Deno.stat(path).catch(() => undefined); // dangling, or not ours to see
  return target?.isDirectory ?? false;
}

async function realDir(dir: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(dir);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new CommonsError("MODULES_DIR_UNREADABLE", `Cannot read the modules dir ${dir}: no access`, {
      cause: error,
    });
  }
}

function linkFault(folder: string): CommonsError {
  const shown = JSON.stringify(folder.slice(0, 80));
  return new CommonsError("SOURCE_NOT_REGULAR", `Cannot use folder ${shown}: it is a symbolic link`);
}

function asCommonsError(error: unknown, folder: string): CommonsError {
  if (error instanceof CommonsError) return error;
  return new CommonsError("SOURCE_UNREADABLE", `Cannot read folder ${folder}: unexpected error`, {
    cause: error,
  });
}
