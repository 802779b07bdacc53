import { CommonsError } from "../base/mod.ts";

/**
 * JSON text of a value from a module. Beyond JSON: bytes are hex, bigints decimal text, nothing is null.
 * @throws {CommonsError} `MODULE_FAILED` for what JSON cannot hold
 */
export function moduleJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, replace, indent) ?? "null";
  } catch (cause) {
    throw new CommonsError("MODULE_FAILED", "Cannot show the module's answer: not JSON", { cause });
  }
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? value.toHex() : value;
}
