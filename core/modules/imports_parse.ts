import vm from "node:vm";
import { CommonsError, errorText } from "../base/mod.ts";

/** One module that a text asks for by a static import or `export … from`. */
export interface ModuleRequest {
  readonly specifier: string;
  readonly hasAttributes: boolean;
}

/**
 * Parses a text as an ES module with the very engine that will run it, and answers its static imports in order. Nothing
 * is run, linked or loaded. That the parser and the engine are one is the point: a text cannot look different to them.
 *
 * @throws {CommonsError} `MODULE_SYNTAX`
 */
export function parseModule(text: string, file: string): readonly ModuleRequest[] {
  const found: unknown = Reflect.get(compile(text, file), "moduleRequests");
  if (!Array.isArray(found)) throw new TypeError("Cannot read imports: the engine does not tell them");
  return found.map((request: unknown) => {
    const { specifier, attributes } = Object(request);
    return { specifier: String(specifier), hasAttributes: Object.keys(Object(attributes)).length > 0 };
  });
}

/** True when the text parses as an ES module. */
export function isModule(text: string): boolean {
  try {
    compile(text, "");
    return true;
  } catch (error) {
    if (error instanceof CommonsError) return false;
    throw error;
  }
}

function compile(text: string, file: string): object {
  try {
    return new vm.SourceTextModule(text, { identifier: "module" });
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(file, error.message);
    if (error instanceof RangeError) throw syntaxError(file, "it is nested too deeply");
    throw syntaxError(file, errorText(error));
  }
}

function syntaxError(file: string, what: string): CommonsError {
  return new CommonsError("MODULE_SYNTAX", `Cannot parse ${file}: ${what}`, { detail: { file } });
}
