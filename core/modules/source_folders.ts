import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommonsError } from "../base/mod.ts";

/** A folder whose last change is younger than this may change again without a trace: file systems tell time in ticks. */
const SETTLED_MS = 50;
/** Deno tells the time of change (ctime) in whole seconds, that of modification in milliseconds. */
const SECOND_MS = 1000;
const RETRY_MS = 60;
const MAX_TRIES = 20;

/**
 * Calls `read` while no folder between `root` and the file `path` changes, and answers what it answered. There is no
 * way here to open a file relative to an opened folder, so a folder could be swapped for a link for as long as a look-up
 * lasts. But every such swap changes the times of the folder that holds it and of the one that is moved, and the time of
 * change cannot be set back: the same times before and after mean that all look-ups in between went the same way.
 * What is left is a swap, by someone who may write the folder, that also restores the time of modification each time and
 * stays within one second: not worth a second's wait at every load of a module that was just put there.
 *
 * Waits for up to a second when a folder was changed just now. Compares with times of the file system, so its time is
 * the system's, no `Clock`. Answers `undefined` when a folder is not there.
 *
 * @throws {CommonsError} `SOURCE_NOT_REGULAR` when a folder is none, `SOURCE_UNREADABLE` when they don't come to rest
 */
export async function whileSettled<T>(
  place: { readonly root: string; readonly path: string },
  read: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (attempt > 0) await sleep(RETRY_MS);
    const before = await readMarks(place);
    if (before === undefined) return undefined;
    if (before.settledAt > Date.now()) continue;
    const outcome = await read().then((value) => ({ value }), (error: unknown) => ({ error }));
    if ((await readMarks(place))?.marks !== before.marks) continue;
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }
  throw new CommonsError("SOURCE_UNREADABLE", `Cannot read ${place.path}: its folder keeps changing`, {
    detail: { path: place.path },
  });
}

interface FolderMarks {
  readonly marks: string;
  /** When the latest change is old enough, Unix milliseconds. */
  readonly settledAt: number;
}

async function readMarks(
  place: { readonly root: string; readonly path: string },
): Promise<FolderMarks | undefined> {
  const names = place.path.split("/").slice(0, -1);
  const marks: string[] = [];
  let settledAt = 0;
  for (let depth = 0; depth <= names.length; depth++) {
    const folder = join(place.root, ...names.slice(0, depth));
    const info = await lstat(folder, { bigint: true }).catch((error: unknown) => {
      if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
      throw error;
    });
    if (info === undefined) return undefined;
    if (!info.isDirectory()) {
      const shown = names.slice(0, depth).join("/") || "the folder";
      const what = info.isSymbolicLink() ? "a symbolic link" : "no folder";
      throw new CommonsError("SOURCE_NOT_REGULAR", `Cannot read ${place.path}: ${shown} is ${what}`, {
        detail: { path: place.path },
      });
    }
    const [changed, modified] = [Number(info.ctimeMs), Number(info.mtimeMs)];
    marks.push(`${info.dev}:${info.ino}:${changed}:${modified}`);
    settledAt = Math.max(settledAt, settledTime(changed, modified));
  }
  return { marks: marks.join(), settledAt };
}

/** The time of modification says when, unless it was set: then it is not of the second in which the folder changed. */
function settledTime(changed: number, modified: number): number {
  const plausible = Math.floor(modified / SECOND_MS) === Math.floor(changed / SECOND_MS);
  return plausible ? modified + SETTLED_MS : changed + SECOND_MS + SETTLED_MS;
}
