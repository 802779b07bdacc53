import { CommonsError } from "../base/mod.ts";
import { keySize } from "./key_codec.ts";
import { MAX_KEY_BYTES } from "./limits.ts";
import type { KeyPart, StoreKey } from "./port.ts";

/** Most parts of a module's key. */
const MAX_PARTS = 8;
/** Room in KV's limit for the prefix that the node puts in front. */
const MAX_MODULE_KEY_BYTES = MAX_KEY_BYTES - 128;

/**
 * A key as a module gave it: 1 to 8 texts, numbers, bigints, booleans or bytes (a prefix may have none).
 * @throws {CommonsError} `INVALID_PARAMS`
 */
export function parseModuleKey(key: unknown, options: { readonly prefix?: boolean } = {}): StoreKey {
  if (!Array.isArray(key) || key.length > MAX_PARTS || (key.length === 0 && !options.prefix)) {
    throw invalid(`need an array of ${options.prefix ? 0 : 1} to ${MAX_PARTS} parts`);
  }
  if (!key.every(isKeyPart)) throw invalid("a part is no text, number, bigint, boolean or bytes");
  if (key.length > 0 && sizeOf(key) > MAX_MODULE_KEY_BYTES) {
    throw invalid(`it takes more than ${MAX_MODULE_KEY_BYTES} bytes`);
  }
  return key;
}

function isKeyPart(part: unknown): part is KeyPart {
  switch (typeof part) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return true;
    default:
      return part instanceof Uint8Array;
  }
}

function sizeOf(key: StoreKey): number {
  try {
    return keySize(key);
  } catch (cause) {
    throw new CommonsError("INVALID_PARAMS", cause instanceof Error ? cause.message : "Cannot use a key", {
      cause,
    });
  }
}

function invalid(reason: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot use a key: ${reason}`);
}
