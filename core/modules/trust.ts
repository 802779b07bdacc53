import { CommonsError } from "../base/mod.ts";
import { schemeOf } from "./signatures.ts";

/** The keys that the operator trusts to sign modules: public key → the operator's name for it. */
export type TrustedKeys = ReadonlyMap<string, string>;

/**
 * Reads a `[modules.trust]` table (name → public key). A key under two names is one key, with the name that sorts first.
 * @throws {CommonsError} `INVALID_TRUSTED_KEY` for a key of another form
 */
export function trustedKeys(table: Readonly<Record<string, unknown>>): TrustedKeys {
  const trusted = new Map<string, string>();
  for (const [name, value] of Object.entries(table).sort(([a], [b]) => a < b ? -1 : 1)) {
    const key = typeof value === "string" ? value.toLowerCase() : "";
    if (schemeOf(key) === undefined) {
      throw new CommonsError(
        "INVALID_TRUSTED_KEY",
        `Cannot trust ${
          JSON.stringify(name.slice(0, 80))
        }: need a public key of 64 (Ed25519) or 66 (secp256k1) hex digits`,
      );
    }
    if (!trusted.has(key)) trusted.set(key, name);
  }
  return trusted;
}
