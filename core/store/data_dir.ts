import { join } from "node:path";
import { CommonsError, errorText } from "../base/mod.ts";

/** Name of the lock file in the data dir. */
const LOCK_FILE = "lock";

/**
 * Creates the data dir (mode 0700) when it is missing and locks it for this process until disposed. The lock is the
 * operating system's: it ends with the process, however that ends, and child processes don't inherit it. The file
 * stays, with the holder's pid as text.
 * Needs read and write permission for the folder.
 * @throws {CommonsError} `DATA_DIR_LOCKED` (with `detail.pid` when known), `DATA_DIR_READ_ONLY`, `DATA_DIR_INVALID`
 */
export async function lockDataDir(path: string): Promise<AsyncDisposable> {
  await ensureFolder(path);
  const file = await openLockFile(path);
  try {
    if (!await file.tryLock(true)) throw await locked(path);
  } catch (error) {
    file.close();
    throw error;
  }
  await writePid(file);
  return lockOf(file);
}

function lockOf(file: Deno.FsFile): AsyncDisposable {
  let held = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      try {
        await file.truncate(0);
      } catch {
        // a full or vanished disk: the pid is only information
      }
      file.close(); // releases the lock
    },
  };
}

async function ensureFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw dataDirError(cause, path);
  }
}

async function openLockFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(join(path, LOCK_FILE), { read: true, write: true, create: true, mode: 0o600 });
  } catch (cause) {
    throw dataDirError(cause, path);
  }
}

/** Tells who holds the lock, for people only: nothing depends on its being there. */
async function writePid(file: Deno.FsFile): Promise<void> {
  try {
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // a full disk: the lock itself holds, and the store will say what is wrong
  }
}

async function locked(path: string): Promise<CommonsError> {
  const pid = await holderPid(path);
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return new CommonsError("DATA_DIR_LOCKED", `Cannot use the data dir ${path}: ${holder} is using it`, {
    detail: pid === undefined ? {} : { pid },
  });
}

async function holderPid(path: string): Promise<number | undefined> {
  try {
    const text = await Deno.readTextFile(join(path, LOCK_FILE));
    return /^[1-9]\d{0,9}$/.test(text.trim()) ? Number(text) : undefined;
  } catch {
    return undefined; // where a locked file cannot be read (Windows), the pid stays unknown
  }
}

const INVALID_CODES: ReadonlySet<string> = new Set(["EEXIST", "ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG"]);
const READ_ONLY_CODES: ReadonlySet<string> = new Set(["EROFS", "EACCES", "EPERM"]);

function dataDirError(cause: unknown, path: string): CommonsError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const what = errorText(cause);
  if (INVALID_CODES.has(code)) {
    return new CommonsError(
      "DATA_DIR_INVALID",
      `Cannot use the data dir ${path}: it is not a folder (${what})`,
      {
        cause,
      },
    );
  }
  if (READ_ONLY_CODES.has(code) || cause instanceof Deno.errors.NotCapable) {
    return new CommonsError("DATA_DIR_READ_ONLY", `Cannot use the data dir ${path}: ${what}`, { cause });
  }
  return new CommonsError("DATA_DIR_INVALID", `Cannot use the data dir ${path}: ${what}`, { cause });
}
