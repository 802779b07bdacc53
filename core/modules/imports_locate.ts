import { type Import, parse } from "es-module-lexer";

/** A static import of a text as a lexer sees it: good for finding places, not for deciding what is there. */
export interface LexedImport {
  readonly specifier: string;
  /** Of the whole statement. */
  readonly start: number;
  readonly end: number;
  readonly typeOnly: boolean;
}

/**
 * Static imports by a lexer that takes JavaScript and TypeScript, in constant stack and linear time. It can be led astray
 * by hostile texts, so what it says decides only which files are read and which line an error names.
 */
export function lexImports(text: string): readonly LexedImport[] {
  let records: readonly Import[];
  try {
    [records] = parse(text);
  } catch {
    return []; // whoever parses the text properly tells what is wrong with it
  }
  return records.flatMap((record) => {
    if (record.type !== "static" && record.type !== "reexport-star") return [];
    if (typeof record.specifier !== "string") return [];
    return [{
      specifier: record.specifier,
      start: record.importStart,
      end: record.importEnd,
      typeOnly: record.typeOnly,
    }];
  });
}

/** Where a static import of `specifier` stands. */
export function locateImport(text: string, specifier: string): number | undefined {
  return lexImports(text).find((found) => found.specifier === specifier && !found.typeOnly)?.start;
}
