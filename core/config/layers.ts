import { tryModuleName } from "../base/mod.ts";
import { plainSetting } from "./module_settings.ts";
import { nearestKey, nearestSection } from "./nearest.ts";
import { configError, type ConfigSource, shownKey, sourceText } from "./problems.ts";
import { isRule, KEYS, type KeyTree, NAME_TABLES } from "./schema.ts";
import { isTable, type Table, tryTomlValue } from "./toml.ts";

type Raw = Record<string, unknown>;

/** The layers of the configuration, laid over each other; every value remembers where it came from. */
export class Layers {
  /** What was set, in the form of the schema's input. */
  readonly raw: Raw = {};
  readonly #sources = new Map<string, ConfigSource>();

  /** Source of each key that was set; keys with their default are not in it. */
  get sources(): ReadonlyMap<string, ConfigSource> {
    return this.#sources;
  }

  /** Source of the value at `path`, or of the table around it. */
  sourceOf(path: readonly PropertyKey[]): ConfigSource | undefined {
    const parts = path.map(String);
    while (parts.length > 0) {
      const source = this.#sources.get(parts.join("."));
      if (source !== undefined) return source;
      parts.pop();
    }
    return undefined;
  }

  /** @throws {CommonsError} `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID_VALUE` */
  addTable(table: Table, source: ConfigSource): void {
    this.#walk(KEYS, table, [], source);
  }

  /**
   * Sets one key from a text: a TOML value if it is one (and the key takes it), else the text itself.
   * @throws {CommonsError} `CONFIG_UNKNOWN_KEY`, `CONFIG_INVALID_VALUE`
   */
  addText(path: readonly string[], text: string, source: ConfigSource): void {
    const parsed = tryTomlValue(text);
    const rule = this.#ruleAt(path, source);
    if (parsed === undefined) return this.#put(path, text, source);
    // `name = 12` is meant as text where the key takes text only.
    const meansText = rule !== undefined && !rule(parsed.value) && rule(text);
    this.#put(path, meansText ? text : parsed.value, source);
  }

  #walk(tree: KeyTree, table: Table, path: readonly string[], source: ConfigSource): void {
    for (const [name, value] of Object.entries(table)) {
      const at = [...path, name];
      const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
      if (node === undefined) this.#addUnlisted(at, value, source);
      else if (isRule(node)) this.#put(at, value, source);
      else if (isTable(value)) this.#walk(node, value, at, source);
      else throw invalid(at, "must be a table", source);
    }
  }

  /** What the key table does not list is a module's own table, or unknown. */
  #addUnlisted(path: readonly string[], value: unknown, source: ConfigSource): void {
    if (!isModuleTable(path)) throw unknown(path, source);
    if (!isTable(value)) {
      throw path.length === 2 ? unknown(path, source) : invalid(path, "must be a table", source);
    }
    this.#put(path, value, source);
  }

  /** Whether a value fits the key at `path`; `undefined` where anything goes. */
  #ruleAt(path: readonly string[], source: ConfigSource): ((value: unknown) => boolean) | undefined {
    let node: KeyTree[string] = KEYS;
    for (const [i, name] of path.entries()) {
      if (isRule(node)) {
        const isName = NAME_TABLES.has(path.slice(0, i).join(".")) && i === path.length - 1;
        if (!isName || tryModuleName(name) === undefined) throw unknown(path, source);
        return (value) => typeof value === "string";
      }
      const next: KeyTree[string] | undefined = Object.hasOwn(node, name) ? node[name] : undefined;
      if (next === undefined) {
        if (isModuleTable(path) && path.length > 2) return undefined;
        throw unknown(path, source);
      }
      node = next;
    }
    const rule = node;
    if (!isRule(rule)) throw invalid(path, "must be a table, set its keys one by one", source);
    return (value) => "value" in rule.read(value);
  }

  #put(path: readonly string[], value: unknown, source: ConfigSource): void {
    const [section, name, ...rest] = path;
    const own = section === "modules" && name !== undefined && isModuleTable(path);
    if (!own) return this.#set(path, value, source);
    const read = plainSetting(value);
    if ("fault" in read || rest.includes("__proto__")) {
      throw invalid(path, "fault" in read ? read.fault : "has a key that cannot be used", source);
    }
    this.#merge(["modules", "settings", name, ...rest], read.value, source);
  }

  /** Module tables of different layers are merged key by key; lists and values are replaced. */
  #merge(path: readonly string[], value: unknown, source: ConfigSource): void {
    if (!isTable(value)) return this.#set(path, value, source);
    this.#tableAt(path, source);
    for (const [key, entry] of Object.entries(value)) this.#merge([...path, key], entry, source);
  }

  #set(path: readonly string[], value: unknown, source: ConfigSource): void {
    const last = path.at(-1);
    if (last === undefined) return;
    this.#tableAt(path.slice(0, -1), source)[last] = value;
    this.#sources.set(path.join("."), source);
  }

  #tableAt(path: readonly string[], source: ConfigSource): Raw {
    let table = this.raw;
    for (const [i, name] of path.entries()) {
      const next = Object.hasOwn(table, name) ? table[name] : undefined;
      if (next === undefined) table = table[name] = {};
      else if (isTable(next)) table = table[name] = { ...next };
      else throw invalid(path.slice(0, i + 1), "is a value and a table", source);
    }
    return table;
  }
}

/** True for the path of, or into, a table `[modules.<name>]`. */
function isModuleTable(path: readonly string[]): boolean {
  const [section, name] = path;
  if (section !== "modules" || name === undefined || tryModuleName(name) === undefined) return false;
  const known = KEYS["modules"];
  return known !== undefined && !isRule(known) && !Object.hasOwn(known, name);
}

function unknown(path: readonly string[], source: ConfigSource) {
  const key = path.join(".");
  const isSection = path.length === 1 && source.layer === "file" && !nearestKey(key).endsWith(`.${key}`);
  const nearest = isSection ? `[${nearestSection(key)}] or ${nearestKey(key)}` : nearestKey(key);
  const where = sourceText(source);
  return configError(
    "CONFIG_UNKNOWN_KEY",
    `unknown key ${shownKey(key)} in ${where}; the nearest known key is ${nearest}`,
    {
      detail: { key, source: where, nearest: nearestKey(key) },
    },
  );
}

function invalid(path: readonly string[], words: string, source: ConfigSource) {
  const key = path.join(".");
  const where = sourceText(source);
  return configError("CONFIG_INVALID_VALUE", `${shownKey(key)} ${words} (${where})`, {
    detail: { key, source: where },
  });
}
