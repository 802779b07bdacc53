import { stripTypeScriptTypes } from "node:module";
import { CommonsError, errorText } from "../base/mod.ts";

/**
 * Takes the types out of a TypeScript text; every line stays where it was. Only for a process that may be killed: the
 * stripper recurses as deeply as its input does and can take exponential time.
 *
 * @throws {CommonsError} `TYPESCRIPT_NOT_ERASABLE` (enum, namespace, parameter properties; with line), `MODULE_SYNTAX`
 */
export async function stripTypes(text: string, file: string): Promise<string> {
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    const first = errorText(error).split("\n")[0] ?? "";
    const match = /^(.*?) at file:\/\/\/\S*?:(\d+):(\d+)$/.exec(first);
    if (!match?.[1]) throw await syntaxError(text, { file, fallback: first });
    const [line, column] = [Number(match[2]), Number(match[3])];
    throw new CommonsError(
      "TYPESCRIPT_NOT_ERASABLE",
      `Cannot build ${file}:${line}:${column}: ${
        match[1].replace("in strip-only mode", "here")
      }, only types that can be erased are`,
      { detail: { file, line, column } },
    );
  }
}

/** A `MODULE_SYNTAX` error with the line, as far as a second parser finds it too. */
export async function syntaxError(
  text: string,
  options: { readonly file: string; readonly fallback: string },
): Promise<CommonsError> {
  const { file, fallback } = options;
  const found = await explain(text, file);
  const place = found ? `:${found.line}:${found.column}` : "";
  return new CommonsError("MODULE_SYNTAX", `Cannot parse ${file}${place}: ${found?.what ?? fallback}`, {
    detail: { file, ...(found ? { line: found.line, column: found.column } : {}) },
  });
}

async function explain(
  text: string,
  file: string,
): Promise<{ readonly what: string; readonly line: number; readonly column: number } | undefined> {
  const { parse } = await import("@babel/parser");
  try {
    parse(text, { sourceType: "module", plugins: file.endsWith(".ts") ? ["typescript"] : [] });
    return undefined;
  } catch (error) {
    const { line, column } = Object(error instanceof Error ? Reflect.get(error, "loc") : undefined);
    if (!Number.isInteger(line) || !Number.isInteger(column)) return undefined;
    const what = errorText(error).replace(/\s*\(\d+:\d+\)$/, "").replace(/\.$/, "").slice(0, 200);
    return { what, line, column: column + 1 };
  }
}
