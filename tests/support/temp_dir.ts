import { join } from "node:path";

/** A folder of one's own that goes away with everything in it: `await using dir = await tempDir();`. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Path of something inside. */
  file(...parts: string[]): string;
}

/** Makes an empty folder in `dir`, by default the system's temporary folder. Needs read and write permission there. */
export async function tempDir(prefix = "commons-test-", dir?: string): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix, ...(dir !== undefined && { dir }) });
  return {
    path,
    file: (...parts) => join(path, ...parts),
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
