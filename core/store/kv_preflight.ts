import { DatabaseSync } from "node:sqlite";
import { CommonsError, errorText } from "../base/mod.ts";

const HEADER = "SQLite format 3\0";
/** Larger files are only spot-checked, so that a start never waits long. */
const FULL_CHECK_BYTES = 16 * 1024 * 1024;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Looks whether the KV file can be used. Needed because opening a damaged file makes Deno panic (its queue clean-up
 * runs in a thread of its own), which no caller can catch. A missing or empty file is fine.
 * Needs read and write permission for the file's folder.
 * @throws {CommonsError} `STORE_CORRUPT`, `STORE_FAILED` (no folder, or not a file)
 */
export async function checkKvFile(path: string): Promise<void> {
  const info = await fileInfo(path);
  if (info === undefined || info.size === 0) return;
  if (!info.isFile) throw new CommonsError("STORE_FAILED", `Cannot open the store: ${path} is not a file`);
  if (await firstBytes(path, HEADER.length) !== HEADER) throw corrupt(path, "it is not a SQLite database");
  const fault = findFault(path, info.size <= FULL_CHECK_BYTES);
  if (fault !== undefined) throw corrupt(path, fault);
}

async function fileInfo(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new CommonsError("STORE_FAILED", `Cannot open the store: ${errorText(cause)}`, { cause });
  }
}

async function firstBytes(path: string, length: number): Promise<string> {
  using file = await Deno.open(path, { read: true });
  const bytes = new Uint8Array(length);
  const read = await file.read(bytes) ?? 0;
  return new TextDecoder("latin1").decode(bytes.subarray(0, read));
}

/** What is wrong with the database, or `undefined`; locks and read-only disks are for the caller to meet. */
function findFault(path: string, full: boolean): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    return full ? quickCheck(database) : spotCheck(database);
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
    return code === SQLITE_CORRUPT || code === SQLITE_NOTADB ? errorText(error) : undefined;
  } finally {
    database?.close();
  }
}

function quickCheck(database: DatabaseSync): string | undefined {
  const answer = String(database.prepare("pragma quick_check(1)").get()?.quick_check);
  return answer === "ok" ? undefined : answer.replaceAll(/\s+/g, " ").slice(0, 200);
}

/** Reads what KV reads when it opens the file, and both ends of the data. */
function spotCheck(database: DatabaseSync): undefined {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
  for (const { name } of tables) {
    const table = `"${String(name).replaceAll('"', '""')}"`;
    database.prepare(`select * from ${table} limit 1`).get();
    database.prepare(`select * from ${table} order by 1 desc limit 1`).get();
  }
  return undefined;
}

function corrupt(path: string, fault: string): CommonsError {
  return new CommonsError(
    "STORE_CORRUPT",
    `Cannot open the store: ${path} is damaged (${fault}); move it away or restore a backup`,
  );
}
