import type { KeyPart } from "../sdk/types.ts";
import { acrossTheWall, invalid } from "./wall.ts";

interface Entry {
  readonly key: readonly KeyPart[];
  readonly value: unknown;
}

const MAX_VALUE = 61_440;
const MAX_PARTS = 8;

/** Storage of a module in memory, with the order and the rules of the node's. */
export class FakeStorage {
  readonly #entries = new Map<string, Entry>();

  get(key: unknown): unknown {
    return acrossTheWall(this.#entries.get(idOf(readKey("storage.get", key)))?.value);
  }

  set(key: unknown, value: unknown): void {
    const own = readKey("storage.set", key);
    if (value === undefined || value === null) throw invalid("storage.set", "there is no value");
    if (sizeOf(value) > MAX_VALUE) throw invalid("storage.set", `the value is over ${MAX_VALUE} bytes`);
    this.#entries.set(idOf(own), { key: own, value });
  }

  delete(key: unknown): void {
    this.#entries.delete(idOf(readKey("storage.delete", key)));
  }

  list(options: Readonly<Record<string, unknown>>): readonly Entry[] {
    const { limit = 100, reverse = false } = options;
    if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > 1_000) {
      throw invalid("storage.list", "limit must be a whole number from 1 to 1000");
    }
    const bound = (name: string) =>
      options[name] === undefined || options[name] === null
        ? undefined
        : readKey("storage.list", options[name]);
    const prefix = bound("prefix") ?? [];
    const [start, end] = [bound("start"), bound("end")];
    const found = [...this.#entries.values()]
      .filter(({ key }) =>
        key.length > prefix.length && compareKeys(key.slice(0, prefix.length), prefix) === 0
      )
      .filter(({ key }) => start === undefined || compareKeys(key, start) >= 0)
      .filter(({ key }) => end === undefined || compareKeys(key, end) < 0)
      .sort((a, b) => compareKeys(a.key, b.key));
    return (reverse === true ? found.reverse() : found).slice(0, limit);
  }

  /** All or nothing; false when a check does not hold. */
  atomic(request: Readonly<Record<string, unknown>>): boolean {
    const checks = asList(request["checks"]);
    const mutations = asList(request["mutations"]);
    const holds = checks.every(({ key, value }) => textOf(this.get(key)) === textOf(value ?? null));
    if (!holds) return false;
    for (const { type, key, value } of mutations) {
      if (type === "set") this.set(key, value);
      else this.delete(key);
    }
    return true;
  }

  usage(): { readonly bytes: number; readonly keys: number } {
    const entries = [...this.#entries.values()];
    return { bytes: entries.reduce((sum, entry) => sum + sizeOf(entry), 0), keys: entries.length };
  }

  clear(): void {
    this.#entries.clear();
  }
}

function asList(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value : [];
}

function readKey(method: string, key: unknown): readonly KeyPart[] {
  const parts: unknown[] = Array.isArray(key) ? key : [];
  const good = (part: unknown): part is KeyPart =>
    part instanceof Uint8Array || ["string", "number", "bigint", "boolean"].includes(typeof part);
  if (!Array.isArray(key) || parts.length > MAX_PARTS || (parts.length === 0 && method !== "storage.list")) {
    throw invalid(method, `a key is an array of 1 to ${MAX_PARTS} parts`);
  }
  if (parts.every(good)) return parts;
  throw invalid(method, "a part is no text, number, bigint, boolean or bytes");
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === "bigint") return { $n: part.toString() };
    return part instanceof Uint8Array ? { $b: part.toBase64() } : part;
  });
}

function sizeOf(value: unknown): number {
  return new TextEncoder().encode(textOf(value)).length;
}

function idOf(key: readonly KeyPart[]): string {
  return textOf(key.map((part) => [typeof part, part]));
}

const RANKS = ["object", "string", "number", "bigint", "boolean"];

/** The order of Deno KV: bytes, texts, numbers, big integers, booleans; a prefix before what goes on after it. */
function compareKeys(a: readonly KeyPart[], b: readonly KeyPart[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareParts(a[i] ?? "", b[i] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareParts(a: KeyPart, b: KeyPart): number {
  const order = RANKS.indexOf(typeof a) - RANKS.indexOf(typeof b);
  if (order !== 0) return order;
  const [x, y] = a instanceof Uint8Array && b instanceof Uint8Array ? [a.toHex(), b.toHex()] : [a, b];
  return x < y ? -1 : x > y ? 1 : 0;
}
