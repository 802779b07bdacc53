import { CommonsError, type ErrorCode } from "../base/mod.ts";

/** Where a value comes from: a file's path, a variable, a flag or a network profile. */
export interface ConfigSource {
  readonly layer: "profile" | "file" | "env" | "flag";
  /** Path, variable or flag as the operator wrote it. */
  readonly name: string;
}

/** The source for people: `config.toml`, `COMMONS_HTTP__PORT`, `--set http.port`, `network profile regtest`. */
export function sourceText(source: ConfigSource): string {
  return source.layer === "profile" ? `network profile ${source.name}` : source.name;
}

/** A configuration error; `state` says what is wrong and must not hold a value, which could be a secret. */
export function configError(
  code: ErrorCode & `CONFIG_${string}`,
  state: string,
  options: { readonly cause?: unknown; readonly detail?: Readonly<Record<string, unknown>> } = {},
): CommonsError {
  return new CommonsError(code, `Cannot load the configuration: ${state}`, options);
}

/** Text for a key in a message: bounded, without control characters. */
export function shownKey(key: string): string {
  const short = key.length > 100 ? key.slice(0, 100) + "…" : key;
  return /^[\w.-]+…?$/.test(short) ? short : JSON.stringify(short);
}
