import { createHash } from "node:crypto";
import { type SignatureClaim, verifySignature } from "./signatures.ts";

const MAX_ENTRIES = 4_096;

/**
 * Remembers what {@linkcode verifySignature} said, by the hash of key, signature and message: the same content has the
 * same answer for ever, so nothing in it can go stale. Whom the operator trusts is no part of it. Least recently used
 * entries go first.
 */
export class SignatureCache {
  readonly #capacity: number;
  readonly #answers = new Map<string, boolean>();

  constructor(options: { readonly capacity?: number } = {}) {
    this.#capacity = options.capacity ?? MAX_ENTRIES;
  }

  get size(): number {
    return this.#answers.size;
  }

  /** As {@linkcode verifySignature}. */
  verify(claim: SignatureClaim): boolean {
    const key = keyOf(claim);
    const known = this.#answers.get(key);
    const answer = known ?? verifySignature(claim);
    if (known !== undefined) this.#answers.delete(key);
    this.#answers.set(key, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#capacity) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }
}

/** Lengths go in, so that no two claims run into each other. */
function keyOf({ publicKey, signature, message }: SignatureClaim): string {
  const hash = createHash("sha256");
  for (const part of [publicKey, signature]) hash.update(`${part.length}:${part}:`);
  return hash.update(message).digest("base64");
}
