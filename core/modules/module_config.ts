import { CommonsError, isSecretName } from "../base/mod.ts";

type Table = Readonly<Record<string, unknown>>;

/** Largest configuration of one module, as JSON text. */
const MAX_CONFIG_CHARACTERS = 256 * 1024;
const MAX_DEPTH = 16;
/** Most secrets of one module that are looked for in what it logs. */
const MAX_SECRETS = 64;
/** Replacing shorter texts would destroy the log and hide little. */
const MIN_SECRET = 6;

/**
 * What a module gets as its configuration: its own `config.toml` with the operator's `[modules.<name>]` laid over it.
 * Tables are merged key by key at every depth, so `a.b = 1` of one and `[a]` of the other are one table; everything else
 * is replaced, lists too, and keeps its type. The result is plain JSON (dates as text) and shares nothing with its parts.
 * @throws {CommonsError} `MODULE_CONFIG_INVALID`, `MODULE_CONFIG_TOO_LARGE`; never with a value in the message
 */
export function moduleConfig(name: string, parts: { readonly own: Table; readonly node: Table }): Table {
  const merged = merge(plainTable(name, parts.own, []), plainTable(name, parts.node, []));
  const characters = JSON.stringify(merged).length;
  if (characters > MAX_CONFIG_CHARACTERS) {
    throw new CommonsError(
      "MODULE_CONFIG_TOO_LARGE",
      `Cannot use module ${name}: its configuration has ${characters} characters, at most ${MAX_CONFIG_CHARACTERS}`,
    );
  }
  return merged;
}

/** Texts in a module's configuration whose key says that they are secret; the first 64. */
export function configSecretsOf(config: Table): readonly string[] {
  const found = new Set<string>();
  const walk = (value: unknown, secret: boolean) => {
    if (found.size >= MAX_SECRETS) return;
    if (typeof value === "string") {
      if (secret && value.length >= MIN_SECRET) found.add(value);
    } else if (Array.isArray(value)) value.forEach((entry) => walk(entry, secret));
    else if (isTable(value)) {
      for (const [key, entry] of Object.entries(value)) walk(entry, secret || isSecretName(key));
    }
  };
  walk(config, false);
  // Longest first, so that a secret that contains another is replaced whole.
  return [...found].sort((a, b) => b.length - a.length);
}

function merge(own: Table, node: Table): Table {
  const merged = new Map(Object.entries(own));
  for (const [key, value] of Object.entries(node)) {
    const before = merged.get(key);
    merged.set(key, isTable(before) && isTable(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function plainTable(name: string, table: Table, path: readonly string[]): Table {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => {
      const at = [...path, key];
      // The module's runtime parses JSON, where this key is an ordinary one; code that copies it is not so careful.
      if (key === "__proto__") throw invalid(name, at, "cannot be used");
      return [key, plain(name, value, at)];
    }),
  );
}

function plain(name: string, value: unknown, path: readonly string[]): unknown {
  if (path.length > MAX_DEPTH) throw invalid(name, path, "is nested too deeply");
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw invalid(name, path, "must be a finite number");
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((entry, at) => plain(name, entry, [...path, String(at)]));
  if (isTable(value)) return plainTable(name, value, path);
  throw invalid(name, path, "has an unknown kind of value");
}

/** Tables come from two parsers and from frozen copies: with and without a prototype. */
function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function invalid(name: string, path: readonly string[], words: string): CommonsError {
  const key = path.join(".").slice(0, 128);
  return new CommonsError(
    "MODULE_CONFIG_INVALID",
    `Cannot use module ${name}: its configuration key ${key} ${words}`,
  );
}
