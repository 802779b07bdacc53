import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { CommonsError } from "../base/mod.ts";
import { fileFault, naming, systemCode } from "./folder_error.ts";
import { checkParent, createRegular, fullPath, openRegular, type Place } from "./folder_open.ts";
import { parseFolderPath, RESERVED_PREFIX } from "./folder_path.ts";
import { type FolderUsage, measureFolder } from "./folder_usage.ts";

/** Bytes of a file that one call reads or writes; larger files go in parts. */
export const MAX_PART = 1_048_576;
/** Operations of one module that wait, each of which holds up to {@linkcode MAX_PART}. */
const MAX_WAITING = 32;
const MAX_LISTED = 10_000;

export interface ModuleFolderInit {
  /** The node's data dir. */
  readonly dataDir: string;
  readonly module: string;
  readonly quotaBytes: number;
  /** Files and folders. */
  readonly quotaFiles: number;
}

/** A file or folder as a module sees it. Times are Unix seconds. */
export interface FileMetadata {
  readonly path: string;
  readonly size: number;
  readonly is_file: boolean;
  readonly is_directory: boolean;
  readonly modified: number | null;
  readonly created: number | null;
}

/** A module's own files. Errors: `INVALID_PARAMS`, `NOT_FOUND`, `PERMISSION_DENIED`, `QUOTA_EXCEEDED`, `RATE_LIMITED`. */
export type ModuleFolder = Pick<
  DiskFolder,
  | "readFile"
  | "writeFile"
  | "deleteFile"
  | "renameFile"
  | "listDirectory"
  | "createDirectory"
  | "getFileMetadata"
>;

/**
 * The files of one module, in `<data dir>/modules/<name>/files`, which is made when it is first needed. Operations run
 * one after the other, so the quota holds whatever comes at once. Nothing is opened through a link; what leads out of
 * the folder is refused by its path already. Needs `--allow-read` and `--allow-write` of the data dir.
 */
export function openModuleFolder(init: ModuleFolderInit): ModuleFolder {
  return new DiskFolder(init);
}

class DiskFolder {
  readonly #init: ModuleFolderInit;
  #root: string | undefined;
  #usage: FolderUsage | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #drafts = 0;

  constructor(init: ModuleFolderInit) {
    this.#init = init;
  }

  /** Without `length` the rest of the file, which may have at most {@linkcode MAX_PART} bytes then. */
  readFile(path: string, part: { readonly offset: number; readonly length?: number }): Promise<Uint8Array> {
    return this.#at("read", path, async (place) => {
      await using handle = own(await openRegular(place, "read"));
      const { size } = await handle.file.stat();
      const rest = Math.max(0, size - part.offset);
      const length = Math.min(rest, part.length ?? rest);
      if (length <= MAX_PART) return await readPart(handle.file, part.offset, length);
      const state = `it has ${size} bytes; read at most ${MAX_PART} at a time, with offset and length`;
      throw fileFault(place, "QUOTA_EXCEEDED", state);
    });
  }

  /** Replaces or makes the file in one step; with an `offset` (at most its size) writes into a file that is there. */
  writeFile(path: string, data: Uint8Array, options: { readonly offset?: number } = {}): Promise<void> {
    const { offset } = options;
    return this.#at("write", path, async (place) => {
      await checkParent(place);
      if (offset === undefined) await this.#replace(place, data);
      else await this.#writePart(place, data, offset);
    });
  }

  /** A file, or a folder with nothing in it. */
  deleteFile(path: string): Promise<void> {
    return this.#at("delete", path, async (place) => {
      await checkParent(place);
      const { bytes, entries } = await this.#used();
      const { size, isDirectory } = await Deno.lstat(fullPath(place));
      await Deno.remove(fullPath(place));
      this.#usage = { bytes: bytes - (isDirectory ? 0 : size), entries: entries - 1 };
    });
  }

  /** Gives a file another name in one step; a file of that name is replaced. */
  renameFile(from: string, to: string): Promise<void> {
    const names = parseFolderPath(to);
    return this.#at("rename", from, async (place) => {
      const target: Place = { ...place, names, path: to };
      await checkParent(place);
      await naming(target, () => checkParent(target));
      const moved = await Deno.lstat(fullPath(place));
      if (!moved.isFile) throw fileFault(place, "INVALID_PARAMS", "it is no file");
      const replaced = await fileAt(target);
      const { bytes, entries } = await this.#used();
      await Deno.rename(fullPath(place), fullPath(target));
      const same = fullPath(place) === fullPath(target);
      if (replaced && !same) this.#usage = { bytes: bytes - replaced.size, entries: entries - 1 };
    });
  }

  /** Names of the files and folders in a folder, sorted. */
  listDirectory(path: string): Promise<readonly string[]> {
    return this.#at("list", path, async (place) => {
      await checkFolder(place);
      const names: string[] = [];
      for await (const { name, isFile, isDirectory } of Deno.readDir(fullPath(place))) {
        if ((!isFile && !isDirectory) || name.startsWith(RESERVED_PREFIX)) continue;
        if (names.push(name) > MAX_LISTED) {
          throw fileFault(place, "QUOTA_EXCEEDED", `it has more than ${MAX_LISTED} entries`);
        }
      }
      return names.sort();
    });
  }

  /** Makes a folder and those above it; one that is there is fine. */
  createDirectory(path: string): Promise<void> {
    return this.#at("create", path, async (place) => {
      for (let depth = 1; depth <= place.names.length; depth++) {
        const step = { ...place, names: place.names.slice(0, depth) };
        await checkParent(step);
        if (await isThere(step)) continue;
        const usage = await this.#allow(step, { bytes: 0, entries: 1 });
        await Deno.mkdir(fullPath(step), { mode: 0o700 });
        this.#usage = usage;
      }
      await checkFolder(place);
    });
  }

  getFileMetadata(path: string): Promise<FileMetadata> {
    return this.#at("look at", path, async (place) => {
      if (place.names.length > 0) await checkParent(place);
      const { size, isFile, isDirectory, mtime, birthtime } = await Deno.lstat(fullPath(place));
      if (!isFile && !isDirectory) throw fileFault(place, "PERMISSION_DENIED", "it is no regular file");
      return {
        path: place.names.join("/"),
        size: isFile ? size : 0,
        is_file: isFile,
        is_directory: isDirectory,
        modified: unixSeconds(mtime),
        created: unixSeconds(birthtime),
      };
    });
  }

  /** Runs `work` on a place after everything that was asked for before. */
  async #at<T>(verb: string, path: string, work: (place: Place) => Promise<T>): Promise<T> {
    const names = parseFolderPath(path, { root: verb === "list" || verb === "look at" });
    if (this.#waiting >= MAX_WAITING) {
      throw new CommonsError("RATE_LIMITED", `Cannot ${verb} a file: ${MAX_WAITING} operations wait already`);
    }
    this.#waiting++;
    const result = this.#turn.then(async () => {
      const root = await this.#open();
      return await naming({ verb, path }, () => work({ verb, path, root, names }));
    });
    this.#turn = result.catch(() => {}); // the caller has the error
    try {
      return await result;
    } finally {
      this.#waiting--;
    }
  }

  /** The folder's real path. Links above it are the operator's; below the data dir there must be none. */
  async #open(): Promise<string> {
    if (this.#root !== undefined) return this.#root;
    const { dataDir, module } = this.#init;
    const path = join(await Deno.realPath(dataDir), "modules", module, "files");
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    if (await Deno.realPath(path) !== path) {
      throw new CommonsError("UNSAFE_FOLDER", `Cannot use ${path}: a symbolic link is in its path`);
    }
    this.#usage = await measureFolder(path);
    return this.#root = path;
  }

  async #replace(place: Place, data: Uint8Array): Promise<void> {
    const before = await fileAt(place);
    const more = { bytes: data.length - (before?.size ?? 0), entries: before ? 0 : 1 };
    const usage = await this.#allow(place, more);
    const draft: Place = { ...place, names: [`${RESERVED_PREFIX}${this.#drafts++}`] };
    try {
      {
        await using handle = own(await createRegular(draft));
        await writeAll(handle.file, data, 0);
      }
      await checkParent(place); // nobody has put a link there meanwhile
      await Deno.rename(fullPath(draft), fullPath(place));
    } catch (error) {
      await Deno.remove(fullPath(draft)).catch(() => {}); // it may not even be there; the first error counts
      throw error;
    }
    this.#usage = usage;
  }

  async #writePart(place: Place, data: Uint8Array, offset: number): Promise<void> {
    await using handle = own(await openRegular(place, "write"));
    const { size } = await handle.file.stat();
    if (offset > size) {
      throw fileFault(place, "INVALID_PARAMS", `it has ${size} bytes, 'offset' is beyond them`);
    }
    const more = { bytes: Math.max(0, offset + data.length - size), entries: 0 };
    const usage = await this.#allow(place, more);
    this.#usage = usage; // before the write: one that is cut short has taken some of it
    await writeAll(handle.file, data, offset);
  }

  /**
   * The usage with `more` added.
   * @throws {CommonsError} `QUOTA_EXCEEDED`, after counting afresh: somebody may have made room by hand
   */
  async #allow(place: Place, more: FolderUsage): Promise<FolderUsage> {
    const { quotaBytes, quotaFiles } = this.#init;
    for (const used of [await this.#used(), undefined]) {
      const { bytes, entries } = used ?? (this.#usage = await measureFolder(place.root));
      const next = { bytes: bytes + more.bytes, entries: entries + more.entries };
      const grows = (more.bytes > 0 && next.bytes > quotaBytes) ||
        (more.entries > 0 && next.entries > quotaFiles);
      if (!grows) return next;
    }
    const most = `${quotaBytes} bytes in ${quotaFiles} files and folders`;
    throw fileFault(place, "QUOTA_EXCEEDED", `a module may have at most ${most}`);
  }

  async #used(): Promise<FolderUsage> {
    return this.#usage ??= await measureFolder(await this.#open());
  }
}

function own(file: FileHandle) {
  return { file, [Symbol.asyncDispose]: () => file.close() };
}

/** What a write would replace; nothing but a file is replaced. */
async function fileAt(place: Place): Promise<Deno.FileInfo | undefined> {
  const info = await Deno.lstat(fullPath(place)).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (info === undefined || info.isFile) return info;
  if (info.isDirectory) throw fileFault(place, "INVALID_PARAMS", "it is a folder");
  throw fileFault(place, "PERMISSION_DENIED", "it is no regular file");
}

async function isThere(place: Place): Promise<boolean> {
  return await Deno.lstat(fullPath(place)).then(() => true, (error: unknown) => {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  });
}

async function checkFolder(place: Place): Promise<void> {
  if (place.names.length > 0) await checkParent(place);
  const { isDirectory, isSymlink } = await Deno.lstat(fullPath(place));
  if (isSymlink) throw fileFault(place, "PERMISSION_DENIED", "it is a symbolic link");
  if (!isDirectory) throw fileFault(place, "INVALID_PARAMS", "it is no folder");
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) return buffer.slice(0, done);
    done += bytesRead;
  }
  return buffer;
}

async function writeAll(file: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
  }
}

function unixSeconds(time: Date | null): number | null {
  return time === null ? null : Math.floor(time.getTime() / 1000);
}
