import { join } from "node:path";
import { RESERVED_PREFIX } from "./folder_path.ts";

/** What a module's files take: bytes of all files, and how many files and folders there are. */
export interface FolderUsage {
  readonly bytes: number;
  readonly entries: number;
}

/** Counting ends here: nobody gets near it through the node. */
const MAX_COUNTED = 1_000_000;

/** Counts what is below `root`, and removes what writes that were cut short have left there. */
export async function measureFolder(root: string): Promise<FolderUsage> {
  let bytes = 0;
  let entries = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (folder === root && entry.isFile && entry.name.startsWith(RESERVED_PREFIX)) {
        await Deno.remove(path);
        continue;
      }
      if (++entries > MAX_COUNTED) return { bytes, entries };
      if (entry.isDirectory) folders.push(path);
      else bytes += (await Deno.lstat(path)).size;
    }
  }
  return { bytes, entries };
}
