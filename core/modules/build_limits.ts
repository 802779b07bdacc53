import { CommonsError } from "../base/mod.ts";

/** Largest built module text in bytes; an entry of one self-contained file may be as large. */
export const MAX_BUILT_BYTES = 4 * 1024 * 1024;
/** Largest source file other than such an entry, in bytes. */
export const MAX_SOURCE_BYTES = 1024 * 1024;
/** All source files of a module together, in bytes. */
export const MAX_SOURCES_BYTES = 8 * 1024 * 1024;
export const MAX_SOURCE_FILES = 512;

/** @throws {CommonsError} `BUILD_TOO_LARGE` */
export function checkBuiltSize(bytes: number, entry: string): void {
  if (bytes <= MAX_BUILT_BYTES) return;
  throw new CommonsError(
    "BUILD_TOO_LARGE",
    `Cannot use ${entry}: the built text is over ${MAX_BUILT_BYTES} bytes`,
    {
      detail: { bytes, maxBytes: MAX_BUILT_BYTES },
    },
  );
}
