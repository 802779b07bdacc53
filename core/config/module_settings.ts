import { isTable } from "./toml.ts";

const MAX_DEPTH = 8;

/**
 * A value of a `[modules.<name>]` table as plain JSON, dates as text; or the reason why it cannot be one. Modules get
 * their settings as JSON, so what JSON cannot hold is refused here.
 */
export function plainSetting(
  value: unknown,
  depth = MAX_DEPTH,
): { readonly value: unknown } | { readonly fault: string } {
  if (depth === 0) return { fault: "is nested too deeply" };
  if (typeof value === "string" || typeof value === "boolean") return { value };
  if (typeof value === "number") {
    return Number.isFinite(value) ? { value } : { fault: "must be a finite number" };
  }
  if (value instanceof Date) return { value: value.toISOString() };
  if (Array.isArray(value)) return plainList(value, depth);
  return isTable(value) ? plainTable(value, depth) : { fault: "has an unknown kind of value" };
}

function plainList(values: readonly unknown[], depth: number) {
  const out: unknown[] = [];
  for (const value of values) {
    const read = plainSetting(value, depth - 1);
    if ("fault" in read) return read;
    out.push(read.value);
  }
  return { value: out };
}

function plainTable(table: Readonly<Record<string, unknown>>, depth: number) {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(table)) {
    if (key === "__proto__") return { fault: "has a key that cannot be used" };
    const read = plainSetting(value, depth - 1);
    if ("fault" in read) return read;
    out[key] = read.value;
  }
  return { value: out };
}
