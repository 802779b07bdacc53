import { parse, TomlError } from "smol-toml";
import { configError } from "./problems.ts";

/** Largest configuration file in bytes. */
export const MAX_CONFIG_BYTES = 1_048_576;

/** A TOML table as it comes from the parser. */
export type Table = Readonly<Record<string, unknown>>;

/** True for a table; dates and lists are none. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** @throws {CommonsError} `CONFIG_TOO_LARGE`, `CONFIG_SYNTAX` with file and line, never with the line's text. */
export function parseToml(text: string, file: string): Table {
  if (text.length > MAX_CONFIG_BYTES) {
    throw configError("CONFIG_TOO_LARGE", `${file} is over ${MAX_CONFIG_BYTES} bytes`, { detail: { file } });
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) {
      throw configError("CONFIG_SYNTAX", `${file} is not TOML`, { detail: { file }, cause: error });
    }
    // The parser's own message goes on to quote the lines around, where a password may stand.
    const what = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    const { line, column } = error;
    throw configError("CONFIG_SYNTAX", `${file}, line ${line}, column ${column}: ${what}`, {
      detail: { file, line, column },
    });
  }
}

/** One value as TOML writes it, or `undefined` when the text is none. */
export function tryTomlValue(text: string): { readonly value: unknown } | undefined {
  try {
    const table = parse(`value = ${text}`);
    return Object.keys(table).length === 1 ? { value: table["value"] } : undefined;
  } catch {
    return undefined; // plain text then
  }
}
