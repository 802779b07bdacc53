/** Largest built module text in bytes; an entry of one self-contained file may be as large. */
export const MAX_BUILT_BYTES = 4 * 1024 * 1024;
/** Largest source file other than such an entry, in bytes. */
export const MAX_SOURCE_BYTES = 1024 * 1024;
/** All source files of a module together, in bytes. */
export const MAX_SOURCES_BYTES = 8 * 1024 * 1024;
export const MAX_SOURCE_FILES = 512;
