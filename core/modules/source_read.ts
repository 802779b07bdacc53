import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { CommonsError, errorText } from "../base/mod.ts";
import { whileSettled } from "./source_folders.ts";

/** What is read: `path` has `/` between folders and has been checked to stay inside `root`. */
export interface ReadRequest {
  /** The module's folder, with every symbolic link resolved. */
  readonly root: string;
  readonly path: string;
  readonly maxBytes: number;
}

// Not there on Windows, where opening follows no FIFOs and links need a privilege; the checks after opening still hold.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads one regular file, or answers `undefined` when there is none. The file is opened first (never through a link,
 * never blocking on a FIFO) and everything is checked on what was opened: that it is a regular file, and that its real
 * path is the one asked for. The folders must be at rest meanwhile ({@linkcode whileSettled}), so that a swap between
 * check and read changes nothing. Needs `--allow-read` of `root`.
 *
 * @throws {CommonsError} `SOURCE_NOT_REGULAR` (link in any part of the path, FIFO, device, folder, other case),
 * `SOURCE_TOO_LARGE`, `SOURCE_UNREADABLE`
 */
export async function readRegularFile(request: ReadRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return await whileSettled(request, () => readOnce(request));
}

async function readOnce(request: ReadRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { root, path, maxBytes } = request;
  const full = join(root, path);
  let handle: FileHandle;
  try {
    handle = await open(full, FLAGS);
  } catch (error) {
    return await refuseOpen(error, full, path);
  }
  try {
    await checkOpened(handle, full, path);
    return await readAll(handle, path, maxBytes);
  } finally {
    await handle.close();
  }
}

async function refuseOpen(error: unknown, full: string, path: string): Promise<undefined> {
  const info = await Deno.lstat(full).catch(() => undefined); // only to choose the words; nothing is read
  if (info === undefined && codeOf(error) === "ENOENT") return undefined;
  if (info && !info.isFile) {
    throw notRegular(path, info.isSymlink ? "it is a symbolic link" : "it is no regular file");
  }
  if (codeOf(error) === "ENOTDIR") throw notRegular(path, "a folder in its path is none");
  throw new CommonsError("SOURCE_UNREADABLE", `Cannot read ${path}: ${codeOf(error) ?? errorText(error)}`, {
    cause: error,
    detail: { path },
  });
}

async function checkOpened(handle: FileHandle, full: string, path: string): Promise<void> {
  const opened = await handle.stat();
  if (!opened.isFile()) throw notRegular(path, "it is no regular file");
  let real: string;
  let there: Deno.FileInfo;
  try {
    real = await Deno.realPath(full);
    there = await Deno.lstat(real);
  } catch (cause) {
    throw new CommonsError("SOURCE_UNREADABLE", `Cannot read ${path}: it changed while it was read`, {
      cause,
    });
  }
  if (real !== full) throw notRegular(path, "a symbolic link or another spelling is in its path");
  if (there.ino !== null && (there.ino !== opened.ino || there.dev !== opened.dev)) {
    throw notRegular(path, "it was replaced while it was read");
  }
}

/** Reads what was opened, never more than the cap and one byte, whatever the file's size says. */
async function readAll(handle: FileHandle, path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await handle.stat();
  const buffer = new Uint8Array(Math.min(size, maxBytes) + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.slice(0, length);
    length += bytesRead;
  }
  if (size > maxBytes) {
    throw new CommonsError("SOURCE_TOO_LARGE", `Cannot read ${path}: over ${maxBytes} bytes`, {
      detail: { path, maxBytes },
    });
  }
  throw new CommonsError("SOURCE_UNREADABLE", `Cannot read ${path}: it grew while it was read`, {
    detail: { path },
  });
}

function notRegular(path: string, why: string): CommonsError {
  return new CommonsError("SOURCE_NOT_REGULAR", `Cannot read ${path}: ${why}`, { detail: { path } });
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}
