import { signedBytes } from "./canonical_manifest.ts";
import { parseManifest } from "./manifest.ts";
import { type SigningKey, signingKey } from "./module_keys.ts";
import { measure, type TestModule } from "./test_host.ts";

/** Keys of a test, each made of one byte. */
export const ADA = signingKey("ed25519", new Uint8Array(32).fill(0xa1));
export const BOB = signingKey("secp256k1", new Uint8Array(32).fill(0xb2));
export const EVE = signingKey("ed25519", new Uint8Array(32).fill(0xe3));

/** `[binary]` of a source, to be signed with the rest. */
export function binaryOf(source: string): string {
  const { hash, bytes } = measure(source);
  return `[binary]\nhash = "${hash}"\nsize = ${bytes}\n`;
}

/** One `[[signatures.maintainers]]` entry. */
export function entry(name: string, publicKey: string, signature: string): string {
  return `[[signatures.maintainers]]\nname = "${name}"\npublic_key = "${publicKey}"\nsignature = "${signature}"\n`;
}

/** `[signatures]` of keys over a manifest text that has none yet. */
export function signaturesOf(
  toml: string,
  keys: Readonly<Record<string, SigningKey>>,
  threshold = `1-of-${Object.keys(keys).length}`,
): string {
  const message = signedBytes(parseManifest(new TextEncoder().encode(toml), { file: "module.toml" }));
  const entries = Object.entries(keys).map(([name, key]) => entry(name, key.publicKey, key.sign(message)));
  return `[signatures]\nthreshold = "${threshold}"\n${entries.join("")}`;
}

export interface SignedModule {
  readonly source?: string;
  readonly capabilities?: readonly string[];
  readonly version?: string;
  readonly keys: Readonly<Record<string, SigningKey>>;
  readonly threshold?: string;
}

/** A module of a test host, signed. */
export function signedModule(name: string, module: SignedModule): TestModule {
  const { source = "code", capabilities = [], version = "1.0.0", keys, threshold } = module;
  const binary = binaryOf(source);
  const toml = `name = "${name}"\nversion = "${version}"\nentry_point = "mod.js"\n` +
    `capabilities = ${JSON.stringify(capabilities)}\n${binary}`;
  return { source, capabilities, version, toml: binary + signaturesOf(toml, keys, threshold) };
}
