import { closest } from "fastest-levenshtein";
import { errorText } from "../base/mod.ts";

/** One thing that is wrong with a manifest. */
export interface ManifestFault {
  /** Dotted path of the key, with `[n]` for places in lists. */
  readonly key: string;
  readonly message: string;
}

/** Bounds of a text. */
export interface TextRule {
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What the pattern asks for, for people. */
  readonly need?: string;
}

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/**
 * Reads one TOML table: own keys only, each read at most once, every fault noted instead of thrown.
 * Readers of sub-tables share the list of faults.
 */
export class TableReader {
  readonly path: string;
  readonly #table: Readonly<Record<string, unknown>>;
  readonly #faults: ManifestFault[];

  constructor(table: Readonly<Record<string, unknown>>, faults: ManifestFault[], path = "") {
    this.#table = table;
    this.#faults = faults;
    this.path = path;
  }

  /** Refuses every key that is not in `known`, naming the nearest one. */
  only(known: readonly string[]): void {
    for (const key of Object.keys(this.#table)) {
      if (known.includes(key) || (key === "__proto__" && this.path !== "")) continue; // that one: checkShape
      const hint = key === "__proto__" ? "" : `, did you mean "${closest(key.slice(0, 64), known)}"?`;
      this.fault(key, `unknown key${hint}`);
    }
  }

  get keys(): readonly string[] {
    return Object.keys(this.#table);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#table, key);
  }

  raw(key: string): unknown {
    return this.has(key) ? this.#table[key] : undefined;
  }

  fault(key: string, message: string): undefined {
    this.#faults.push({ key: this.keyPath(key), message });
    return undefined;
  }

  keyPath(key: string): string {
    const shown = /^[\w.[\]-]{1,64}$/.test(key) || key === "" ? key : JSON.stringify(key.slice(0, 64));
    if (key === "") return this.path;
    return this.path === "" ? shown : `${this.path}.${shown}`;
  }

  text(key: string, rule: TextRule = {}): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    const { max = 256, pattern, need = "another form" } = rule;
    if (typeof value !== "string") return this.fault(key, `need a text, have ${kindOf(value)}`);
    if (value.length > max) return this.fault(key, `need at most ${max} characters, have ${value.length}`);
    if (CONTROL.test(value)) return this.fault(key, "control and direction characters are not allowed");
    if (pattern && !pattern.test(value)) {
      return this.fault(key, `need ${need}, have ${JSON.stringify(value.slice(0, 80))}`);
    }
    return value;
  }

  /** A text that `parse` turns into something or refuses by throwing. */
  parsed<T>(key: string, parse: (text: string) => T): T | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      return this.fault(key, errorText(error));
    }
  }

  integer(key: string, min: number, max: number): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      return this.fault(key, `need a whole number, have ${kindOf(value)}`);
    }
    return value >= min && value <= max
      ? value
      : this.fault(key, `need ${min} to ${max}, have ${String(value)}`);
  }

  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === "boolean") return value;
    return this.fault(key, `need true or false, have ${kindOf(value)}`);
  }

  /** Sub-table; a missing one reads as empty, so that its required keys are missed only when `required`. */
  table(key: string): TableReader | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!isTable(value)) return this.fault(key, `need a table, have ${kindOf(value)}`);
    return new TableReader(value, this.#faults, this.keyPath(key));
  }

  /** List of tables. */
  tables(key: string, max: number): readonly TableReader[] {
    return this.#list(key, max).flatMap((item, index) => {
      const at = `${key}[${index}]`;
      if (isTable(item)) return [new TableReader(item, this.#faults, `${this.keyPath(key)}[${index}]`)];
      this.#faults.push({ key: this.path === "" ? at : `${this.path}.${at}`, message: "need a table" });
      return [];
    });
  }

  /** List of distinct texts, each through `check`, which answers what is wrong with it. */
  texts(key: string, max: number, check: (text: string) => string | undefined): readonly string[] {
    const seen = new Set<string>();
    for (const [index, item] of this.#list(key, max).entries()) {
      const problem = typeof item !== "string"
        ? `need a text, have ${kindOf(item)}`
        : seen.has(item)
        ? `${JSON.stringify(item.slice(0, 80))} is listed twice`
        : check(item);
      if (problem !== undefined) {
        this.#faults.push({ key: `${this.keyPath(key)}[${index}]`, message: problem });
      } else if (typeof item === "string") seen.add(item);
    }
    return [...seen];
  }

  #list(key: string, max: number): readonly unknown[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.fault(key, `need a list, have ${kindOf(value)}`);
      return [];
    }
    if (value.length > max) {
      this.fault(key, `need at most ${max} entries, have ${value.length}`);
      return [];
    }
    return value;
  }
}

/** True for a TOML table; dates and lists are none. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function kindOf(value: unknown): string {
  if (value instanceof Date) return "a date";
  if (Array.isArray(value)) return "a list";
  return value !== null && typeof value === "object" ? "a table" : `a ${typeof value}`;
}
