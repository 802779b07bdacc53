import { CommonsError } from "../base/mod.ts";
import { encodeKey, keySize } from "./key_codec.ts";
import { parseModuleKey } from "./module_key.ts";
import type { ListOptions, StoreKey } from "./port.ts";
import { sizeValue } from "./value_size.ts";

/** Most checks, and most mutations, of one atomic of a module. */
const MAX_CHECKS = 100;
const MAX_MUTATIONS = 400;
/** Entries of one listing: when nothing is said, and at most. */
const DEFAULT_LIST = 100;
const MAX_LIST = 1_000;

/** A change that a module asked for, checked and measured. The key is the module's own. */
export interface ModuleWrite {
  readonly key: StoreKey;
  /** The key as one text, to look things up by. */
  readonly id: string;
  readonly set: boolean;
  readonly value: unknown;
  /** Bytes that the entry takes of the quota; 0 for a delete. */
  readonly bytes: number;
}

export interface ModuleCheck {
  readonly key: StoreKey;
  readonly value: unknown;
}

export interface ModuleAtomic {
  readonly checks: readonly ModuleCheck[];
  readonly writes: readonly ModuleWrite[];
}

/** @throws {CommonsError} `INVALID_PARAMS`, `INVALID_VALUE`, `VALUE_TOO_LARGE` */
export function parseSet(key: unknown, value: unknown): ModuleWrite {
  const parsed = parseModuleKey(key);
  const sized = sizeValue(value);
  return {
    key: parsed,
    id: encodeKey(parsed),
    set: true,
    value: sized.value,
    bytes: keySize(parsed) + sized.bytes,
  };
}

/** @throws {CommonsError} `INVALID_PARAMS` */
export function parseDelete(key: unknown): ModuleWrite {
  const parsed = parseModuleKey(key);
  return { key: parsed, id: encodeKey(parsed), set: false, value: undefined, bytes: 0 };
}

/** `{checks: [{key, value}], mutations: [{type, key, value?}]}`. @throws {CommonsError} as {@linkcode parseSet} */
export function parseAtomic(request: unknown): ModuleAtomic {
  const checks = arrayOf(request, "checks", MAX_CHECKS).map((check) => ({
    key: parseModuleKey(member(check, "key")),
    value: member(check, "value"),
  }));
  const writes = arrayOf(request, "mutations", MAX_MUTATIONS).map((mutation) => {
    const type = member(mutation, "type");
    if (type === "set") return parseSet(member(mutation, "key"), member(mutation, "value"));
    if (type === "delete") return parseDelete(member(mutation, "key"));
    throw invalid("a mutation's type must be set or delete");
  });
  return { checks, writes };
}

/** Options of a listing, with the module's own keys. @throws {CommonsError} `INVALID_PARAMS` */
export function parseList(request: unknown): ListOptions & { readonly limit: number } {
  const limit = member(request, "limit") ?? DEFAULT_LIST;
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIST) {
    throw invalid(`limit must be a whole number from 1 to ${MAX_LIST}`);
  }
  const reverse = member(request, "reverse") ?? false;
  if (typeof reverse !== "boolean") throw invalid("reverse must be true or false");
  const prefix = parseModuleKey(member(request, "prefix") ?? [], { prefix: true });
  return {
    prefix,
    ...parseBound(request, "start", prefix),
    ...parseBound(request, "end", prefix),
    limit,
    reverse,
  };
}

function parseBound(
  request: unknown,
  name: "start" | "end",
  prefix: StoreKey,
): Pick<ListOptions, "start" | "end"> {
  const bound = member(request, name) ?? undefined;
  if (bound === undefined) return {};
  const key = parseModuleKey(bound);
  const inside = encodeKey(prefix);
  const encoded = encodeKey(key);
  if (encoded.length > inside.length && encoded.startsWith(inside)) return { [name]: key };
  throw invalid(`${name} must be inside the prefix`);
}

function arrayOf(request: unknown, name: string, limit: number): readonly unknown[] {
  const value = member(request, name) ?? [];
  if (Array.isArray(value) && value.length <= limit) return value;
  throw invalid(`${name} must be an array of at most ${limit}`);
}

/** An own property of whatever came in. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) throw invalid("need an object");
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function invalid(reason: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot use the storage: ${reason}`);
}
