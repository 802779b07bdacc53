import type { TableReader } from "./manifest_reader.ts";
import type { Manifest, ManifestMaintainer, Threshold } from "./manifest_types.ts";
import { defined } from "./manifest_sections.ts";

/** `[signatures]`: their form only; whether they hold is for the verifier. */
export function readSignatures(top: TableReader): Manifest["signatures"] {
  const table = top.table("signatures");
  if (!table) return undefined;
  table.only(["maintainers", "threshold"]);
  const maintainers = table.tables("maintainers", 64).flatMap(readMaintainer);
  const threshold = readThreshold(table);
  if (new Set(maintainers.map((entry) => entry.publicKey)).size !== maintainers.length) {
    table.fault("maintainers", "a public_key is listed twice");
  }
  if (maintainers.length > 0) {
    if (!table.has("threshold")) table.fault("threshold", 'is missing: need "m-of-n"');
    const hash = top.raw("binary");
    if (hash === undefined || typeof hash !== "object" || hash === null || !Object.hasOwn(hash, "hash")) {
      top.fault("binary", "hash is missing: a signed manifest must carry it");
    }
  }
  if (threshold && threshold.n < maintainers.length) {
    table.fault("threshold", `${maintainers.length} maintainers are listed, but n is ${threshold.n}`);
  }
  return defined({ maintainers, threshold });
}

function readMaintainer(entry: TableReader): ManifestMaintainer[] {
  entry.only(["name", "public_key", "signature"]);
  for (const key of ["name", "public_key", "signature"]) if (!entry.has(key)) entry.fault(key, "is missing");
  const name = entry.text("name", { max: 128 });
  const publicKey = entry.text("public_key", {
    pattern: /^(?:[0-9a-fA-F]{64}|0[23][0-9a-fA-F]{64})$/,
    need: "64 hex digits (Ed25519) or 66 (compressed secp256k1)",
  });
  const signature = entry.text("signature", { pattern: /^[0-9a-fA-F]{128}$/, need: "128 hex digits" });
  if (name === undefined || publicKey === undefined || signature === undefined) return [];
  return [{ name, publicKey: publicKey.toLowerCase(), signature: signature.toLowerCase() }];
}

function readThreshold(table: TableReader): Threshold | undefined {
  const text = table.text("threshold", { pattern: /^[1-9]\d{0,2}-of-[1-9]\d{0,2}$/, need: '"m-of-n"' });
  if (text === undefined) return undefined;
  const [m = 0, n = 0] = text.split("-of-").map(Number);
  return m <= n ? { m, n } : table.fault("threshold", `${m} of ${n} can never be met`);
}
