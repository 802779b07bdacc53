import { CommonsError } from "../base/mod.ts";
import { keySize } from "./key_codec.ts";
import { ATOMIC_LIMITS, MAX_COMMIT_MUTATIONS } from "./limits.ts";
import type { Mutation } from "./port.ts";
import { sizeValue } from "./value_size.ts";

/** Checked mutations that belong together, and how much of an atomic write they take. */
export interface WriteGroup {
  readonly mutations: readonly Mutation[];
  readonly bytes: number;
  readonly keyBytes: number;
}

/**
 * Checks mutations and adds up their size.
 * @throws {CommonsError} `INVALID_KEY`, `KEY_TOO_LARGE`, `INVALID_VALUE`, `VALUE_TOO_LARGE`, `COMMIT_TOO_LARGE`
 */
export function prepareGroup(mutations: readonly Mutation[]): WriteGroup {
  if (mutations.length > MAX_COMMIT_MUTATIONS) {
    throw tooLarge(`${mutations.length} mutations, at most ${MAX_COMMIT_MUTATIONS}`);
  }
  let bytes = 0;
  let keyBytes = 0;
  const checked = mutations.map((mutation) => {
    const keyLength = keySize(mutation.key);
    keyBytes += keyLength;
    bytes += keyLength;
    if (mutation.type === "delete") return mutation;
    const sized = sizeValue(mutation.value);
    bytes += sized.bytes;
    return sized.value === mutation.value ? mutation : { ...mutation, value: sized.value };
  });
  if (bytes > ATOMIC_LIMITS.bytes) throw tooLarge(`${bytes} bytes, at most ${ATOMIC_LIMITS.bytes}`);
  if (keyBytes > ATOMIC_LIMITS.keyBytes) {
    throw tooLarge(`${keyBytes} bytes of keys, at most ${ATOMIC_LIMITS.keyBytes}`);
  }
  return { mutations: checked, bytes, keyBytes };
}

function tooLarge(what: string): CommonsError {
  return new CommonsError("COMMIT_TOO_LARGE", `Cannot commit: the group has ${what}`);
}
