import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type FileAction, fileFault } from "./folder_error.ts";

/** A place in a module's folder; `root` has every symbolic link resolved. */
export interface Place extends FileAction {
  readonly root: string;
  readonly names: readonly string[];
}

// Neither is there on Windows, where links need a privilege; the checks after opening still hold.
const NEVER_FOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export function fullPath({ root, names }: Place): string {
  return join(root, ...names);
}

/**
 * Refuses a place whose folder is reached through a symbolic link or by another spelling, and one whose folder is not
 * there. Needs `--allow-read` of the root.
 * @throws {CommonsError} `PERMISSION_DENIED`; and what the operating system says
 */
export async function checkParent(place: Place): Promise<void> {
  const parent = join(place.root, ...place.names.slice(0, -1));
  if (await Deno.realPath(parent) !== parent) throw outside(place);
  if (!(await Deno.lstat(parent)).isDirectory) {
    throw fileFault(place, "NOT_FOUND", "a folder in its path is none");
  }
}

/**
 * Opens a regular file that is there. It is opened first, never through a link and never waiting for a FIFO, and
 * everything is checked on what was opened: that it is a regular file with this one name, and that its real path is the
 * one asked for.
 * @throws {CommonsError} `PERMISSION_DENIED`; and what the operating system says
 */
export async function openRegular(place: Place, mode: "read" | "write"): Promise<FileHandle> {
  const access = mode === "read" ? constants.O_RDONLY : constants.O_RDWR;
  return await opened(place, open(fullPath(place), access | NEVER_FOLLOW));
}

/** Makes a new file that nobody else may read; fails when there is anything of that name. */
export async function createRegular(place: Place): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NEVER_FOLLOW;
  return await opened(place, open(fullPath(place), flags, 0o600));
}

async function opened(place: Place, opening: Promise<FileHandle>): Promise<FileHandle> {
  const handle = await opening;
  try {
    await checkOpened(place, handle);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function checkOpened(place: Place, handle: FileHandle): Promise<void> {
  const info = await handle.stat();
  if (info.isDirectory()) throw fileFault(place, "INVALID_PARAMS", "it is a folder");
  if (!info.isFile()) throw fileFault(place, "PERMISSION_DENIED", "it is no regular file");
  if (info.nlink > 1) throw fileFault(place, "PERMISSION_DENIED", "it is known by another name, too");
  const full = fullPath(place);
  if (await Deno.realPath(full) !== full) throw outside(place);
  const there = await Deno.lstat(full);
  if (there.ino !== null && (there.ino !== info.ino || there.dev !== info.dev)) {
    throw fileFault(place, "PERMISSION_DENIED", "it was replaced meanwhile");
  }
}

function outside(place: FileAction) {
  return fileFault(place, "PERMISSION_DENIED", "a symbolic link or another spelling is in its path");
}
