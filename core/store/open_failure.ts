import { dirname, join } from "node:path";
import type { CommonsError } from "../base/mod.ts";
import { storeError } from "./store_error.ts";

/**
 * Why a KV file could not be opened. SQLite only says "unable to open database file" for a read-only folder, a full
 * disk and more, so the folder is tried with a file of our own.
 */
export async function openFailure(cause: unknown, path: string): Promise<CommonsError> {
  const error = storeError(cause, "open the store");
  if (error.code !== "STORE_FAILED" || !error.message.includes("unable to open")) return error;
  const probe = join(dirname(path), `.probe-${crypto.randomUUID()}`);
  try {
    await Deno.writeFile(probe, new Uint8Array(1), { createNew: true });
  } catch (reason) {
    return storeError(reason, `open the store at ${path}`);
  } finally {
    await Deno.remove(probe).catch(() => {}); // mostly it could not be made
  }
  return error;
}
