import { parse as parseToml, TomlError } from "smol-toml";
import { CommonsError, parseModuleName } from "../base/mod.ts";
import { type ManifestFault, TableReader } from "./manifest_reader.ts";
import { parseEntryPoint } from "./manifest_path.ts";
import {
  checkShape,
  defined,
  readBinary,
  readCapabilities,
  readCompatibility,
  readConfigSchema,
  readDependencies,
  readDownloads,
  readLimits,
  readNet,
  readPayment,
} from "./manifest_sections.ts";
import { readSignatures } from "./manifest_signatures.ts";
import { type Manifest, MAX_MANIFEST_BYTES } from "./manifest_types.ts";
import { MAX_BUILT_BYTES } from "./build_limits.ts";
import { OVERRIDABLE_RPC } from "./rpc_overrides.ts";
import { parseVersion } from "./versions.ts";

const KEYS = [
  "name",
  "version",
  "entry_point",
  "description",
  "author",
  "capabilities",
  "dependencies",
  "optional_dependencies",
  "config_schema",
  "rpc_overrides",
  "signatures",
  "binary",
  "downloads",
  "payment",
  "permissions",
  "limits",
  "compatibility",
];

/**
 * Reads a `module.toml` strictly: every key known, every value in bounds. All faults are reported at once in
 * `detail.faults` (`{key, message}` each); `file` is what errors call it.
 *
 * @throws {CommonsError} `MANIFEST_TOO_LARGE` (over 64 KiB, before parsing), `MANIFEST_SYNTAX` (not UTF-8 or not TOML,
 * `detail.line`), `MANIFEST_INVALID`
 */
export function parseManifest(bytes: Uint8Array, options: { readonly file: string }): Manifest {
  const { file } = options;
  const raw = parseDocument(bytes, file);
  const faults: ManifestFault[] = [];
  const top = new TableReader(raw, faults);
  checkShape(raw, top);
  top.only(KEYS);
  const manifest = faults.some((fault) => fault.message === "is nested too deeply")
    ? undefined
    : readManifest(top, raw);
  if (manifest === undefined || faults.length > 0) throw invalid(file, faults);
  return deepFreeze(manifest);
}

function readManifest(top: TableReader, raw: Manifest["raw"]): Manifest | undefined {
  for (const key of ["name", "version", "entry_point"]) if (!top.has(key)) top.fault(key, "is missing");
  const name = top.parsed("name", parseModuleName);
  const version = top.parsed("version", parseVersion);
  const entryPoint = readEntryPoint(top);
  const capabilities = readCapabilities(top);
  const rest = {
    description: top.text("description", { max: 1024 }) ?? "",
    author: top.text("author") ?? "",
    capabilities,
    net: readNet(top, capabilities),
    dependencies: readDependencies(top, "dependencies"),
    optionalDependencies: readDependencies(top, "optional_dependencies"),
    configSchema: readConfigSchema(top),
    rpcOverrides: top.texts(
      "rpc_overrides",
      16,
      (text) =>
        OVERRIDABLE_RPC.includes(text)
          ? undefined
          : `is no method that can be overridden (${OVERRIDABLE_RPC.join(", ")})`,
    ),
    limits: readLimits(top),
    compatibility: readCompatibility(top),
    downloads: readDownloads(top),
    raw,
  };
  const optional = defined({
    binary: readBinary(top, MAX_BUILT_BYTES),
    signatures: readSignatures(top),
    payment: readPayment(top),
  });
  if (name !== undefined && (name in rest.dependencies || name in rest.optionalDependencies)) {
    top.fault("dependencies", "a module cannot depend on itself");
  }
  if (name === undefined || version === undefined || entryPoint === undefined) return undefined;
  return { name, version, entryPoint, ...rest, signed: optional.signatures !== undefined, ...optional };
}

function readEntryPoint(top: TableReader): string | undefined {
  const text = top.text("entry_point", { max: 4096 });
  if (text === undefined) return undefined;
  const result = parseEntryPoint(text);
  return "path" in result ? result.path : top.fault("entry_point", result.problem);
}

function parseDocument(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new CommonsError(
      "MANIFEST_TOO_LARGE",
      `Cannot read ${file}: over ${MAX_MANIFEST_BYTES} bytes`,
      { detail: { maxBytes: MAX_MANIFEST_BYTES } },
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommonsError("MANIFEST_SYNTAX", `Cannot read ${file}: not UTF-8`, { cause });
  }
  try {
    return parseToml(text);
  } catch (cause) {
    throw syntaxError(file, cause);
  }
}

function syntaxError(file: string, cause: unknown): CommonsError {
  if (!(cause instanceof TomlError)) {
    return new CommonsError("MANIFEST_SYNTAX", `Cannot read ${file}: not TOML`, { cause });
  }
  const what = (cause.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "").slice(0, 200);
  return new CommonsError("MANIFEST_SYNTAX", `Cannot read ${file}: line ${cause.line}: ${what}`, {
    cause,
    detail: { line: cause.line, column: cause.column },
  });
}

function invalid(file: string, faults: readonly ManifestFault[]): CommonsError {
  const shown = faults.slice(0, 5).map((fault) => `${fault.key}: ${fault.message}`).join("; ");
  const more = faults.length > 5 ? `; and ${faults.length - 5} more` : "";
  return new CommonsError("MANIFEST_INVALID", `Cannot use ${file}: ${shown}${more}`, {
    detail: { faults: faults.slice(0, 100) },
  });
}

/** Depth is bounded: `checkShape` has refused deeper documents. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) deepFreeze(Reflect.get(value, key));
    Object.freeze(value);
  }
  return value;
}
