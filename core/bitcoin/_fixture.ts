/** What the tests of this folder share. */
import { CommonsError } from "../base/mod.ts";

/** Code of the error that `run` throws, `undefined` when it throws none. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CommonsError) return error.code;
    throw error;
  }
}
