import { CommonsError } from "../base/mod.ts";
import { findDynamicImport } from "./imports_dynamic.ts";
import { locateImport } from "./imports_locate.ts";
import { type ModuleRequest, parseModule } from "./imports_parse.ts";
import { placeText, positionOf } from "./imports_position.ts";

/**
 * Makes sure that a module text needs nothing but itself: it parses as an ES module and holds no static or dynamic import,
 * no `export … from` and no `import.meta`. Nothing is run. Takes about 50 ms a MiB, more for texts that are refused.
 *
 * @throws {CommonsError} `MODULE_SYNTAX`, `IMPORT_NOT_ALLOWED` (`detail`: `file, line, column, specifier`)
 */
export function checkImports(text: string, options: { readonly file: string }): void {
  const [first] = readImports(text, options);
  if (first) {
    throw importRefused({
      text,
      ...options,
      specifier: first.specifier,
      why: "the built text must have none",
    });
  }
}

/**
 * Static imports of a text; refuses dynamic ones.
 * @throws {CommonsError} as {@linkcode checkImports} does
 */
export function readImports(text: string, options: { readonly file: string }): readonly ModuleRequest[] {
  const requests = parseModule(text, options.file);
  const dynamic = findDynamicImport(text);
  if (!dynamic) return requests;
  const position = positionOf(text, dynamic.offset);
  throw new CommonsError(
    "IMPORT_NOT_ALLOWED",
    `Cannot use ${dynamic.kind} in ${options.file}${
      placeText(position)
    }: modules load nothing while they run`,
    { detail: { file: options.file, ...position, specifier: dynamic.kind } },
  );
}

/** The error for a static import that is not allowed, with its line. */
export function importRefused(
  refusal: { readonly text: string; readonly file: string; readonly specifier: string; readonly why: string },
): CommonsError {
  const { text, file, specifier, why } = refusal;
  const offset = locateImport(text, specifier);
  const position = offset === undefined ? undefined : positionOf(text, offset);
  const shown = JSON.stringify(specifier.slice(0, 200));
  return new CommonsError(
    "IMPORT_NOT_ALLOWED",
    `Cannot import ${shown} in ${file}${placeText(position)}: ${why}`,
    { detail: { file, ...position, specifier: specifier.slice(0, 200) } },
  );
}
