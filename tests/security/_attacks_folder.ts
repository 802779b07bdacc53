import type { Attacks } from "./_attack.ts";

const FINE = () => `export default { start() {} };`;

function manifest(lines: string): Readonly<Record<string, string>> {
  return { "module.toml": lines };
}

/** Manifests and builds; folders with links and pipes are in the test itself. */
export const FOLDERS: Attacks = {
  "has-an-entry-outside": {
    source: FINE,
    files: manifest(`name = "has-an-entry-outside"\nversion = "1.0.0"\nentry_point = "../hello/mod.ts"`),
    becomes: "MANIFEST_INVALID",
  },
  "has-an-absolute-entry": {
    source: FINE,
    files: manifest(`name = "has-an-absolute-entry"\nversion = "1.0.0"\nentry_point = "/etc/hostname"`),
    becomes: "MANIFEST_INVALID",
  },
  "has-another-modules-name": {
    source: FINE,
    files: manifest(`name = "hello"\nversion = "1.0.0"\nentry_point = "mod.js"`),
    becomes: "MODULE_NAME_MISMATCH",
  },
  "claims-a-hash-that-is-wrong": {
    source: FINE,
    files: manifest(
      `name = "claims-a-hash-that-is-wrong"\nversion = "1.0.0"\nentry_point = "mod.js"\n[binary]\nhash = "sha256:${
        "0".repeat(64)
      }"`,
    ),
    becomes: "HASH_MISMATCH",
  },
  "claims-a-size-that-is-wrong": {
    source: FINE,
    files: manifest(
      `name = "claims-a-size-that-is-wrong"\nversion = "1.0.0"\nentry_point = "mod.js"\n[binary]\nsize = 1`,
    ),
    becomes: "SIZE_MISMATCH",
  },
  "asks-for-a-capability-that-is-none": { source: FINE, capabilities: ["root"], becomes: "MANIFEST_INVALID" },
  "asks-for-everything": {
    source: FINE,
    capabilities: [
      "network_access",
      "submit_block",
      "governance_vote",
      "send_transactions",
      "queue_inbound_block",
    ],
    becomes: "NEEDS_APPROVAL",
  },
  "pollutes-by-its-manifest": {
    source: FINE,
    files: manifest(
      `name = "pollutes-by-its-manifest"\nversion = "1.0.0"\nentry_point = "mod.js"\n[__proto__]\nadmin = true`,
    ),
    becomes: "MANIFEST_INVALID",
  },
  "needs-a-node-of-the-future": {
    source: FINE,
    files: manifest(
      `name = "needs-a-node-of-the-future"\nversion = "1.0.0"\nentry_point = "mod.js"\n[compatibility]\nnode = ">=99.0.0"`,
    ),
    becomes: "INCOMPATIBLE",
  },
  "raises-its-own-limits": {
    source: FINE,
    files: manifest(
      `name = "raises-its-own-limits"\nversion = "1.0.0"\nentry_point = "mod.js"\n[limits]\nmemory_mb = 999999999`,
    ),
    becomes: "MANIFEST_INVALID",
  },
  "is-a-manifest-of-a-megabyte": {
    source: FINE,
    files: manifest(
      `name = "is-a-manifest-of-a-megabyte"\nversion = "1.0.0"\nentry_point = "mod.js"\n# ${
        "x".repeat(1 << 20)
      }`,
    ),
    becomes: "MANIFEST_TOO_LARGE",
  },
  "nests-its-manifest": {
    source: FINE,
    files: manifest(
      `name = "nests-its-manifest"\nversion = "1.0.0"\nentry_point = "mod.js"\nx = ${"[".repeat(5_000)}${
        "]".repeat(5_000)
      }`,
    ),
    becomes: "MANIFEST_SYNTAX",
  },
  "is-signed-by-nobody-in-particular": {
    source: FINE,
    files: manifest(`name = "is-signed-by-nobody-in-particular"
version = "1.0.0"
entry_point = "mod.js"
[binary]
hash = "sha256:${"0".repeat(64)}"
[signatures]
threshold = "1-of-1"
maintainers = [{ name = "me", public_key = "${"1".repeat(64)}", signature = "${"2".repeat(128)}" }]`),
    becomes: "HASH_MISMATCH",
  },
  "keeps-the-type-stripper-busy": {
    source: () => `type x=${"(a: of =( a< ".repeat(60)}`,
    entry: "mod.ts",
    becomes: "TIMEOUT",
  },
  "overflows-the-parser": {
    source: () => `const a = ${"(".repeat(20_000)}1${")".repeat(20_000)};`,
    entry: "mod.ts",
    becomes: "BUILD_CRASHED",
  },
  "imports-out-of-its-folder": {
    source: () => `import x from "../hello/mod.ts"; export default { start() { x } };`,
    entry: "mod.ts",
    becomes: "IMPORT_NOT_ALLOWED",
  },
  "is-no-module-at-all": { source: () => `<html><script>alert(1)</script>`, becomes: "MODULE_SYNTAX" },
};
