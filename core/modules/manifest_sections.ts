import { closest } from "fastest-levenshtein";
import { tryModuleName } from "../base/mod.ts";
import { type Capability, CAPABILITY_NAMES, isCapability } from "./capabilities.ts";
import { parseEndpoint } from "./manifest_net.ts";
import { isTable, type TableReader } from "./manifest_reader.ts";
import type { Manifest, ManifestLimits, ManifestPayment } from "./manifest_types.ts";
import { parseConstraint } from "./versions.ts";

const HEX64 = /^[0-9a-fA-F]{64}$/;
const MAX_SATS = 21e14;

export function readCapabilities(top: TableReader): readonly Capability[] {
  return top.texts("capabilities", CAPABILITY_NAMES.length, (text) => {
    if (isCapability(text)) return undefined;
    return `unknown capability ${JSON.stringify(text.slice(0, 80))}, did you mean "${
      closest(text.slice(0, 80), CAPABILITY_NAMES)
    }"?`;
  }).filter(isCapability);
}

export function readNet(top: TableReader, capabilities: readonly Capability[]): readonly string[] {
  const table = top.table("permissions");
  if (!table) return [];
  table.only(["net"]);
  const endpoints = table.texts("net", 64, (text) => {
    const result = parseEndpoint(text);
    return "problem" in result ? result.problem : undefined;
  }).flatMap((text) => {
    const result = parseEndpoint(text);
    return "endpoint" in result ? [result.endpoint] : [];
  });
  if (endpoints.length > 0 && !capabilities.includes("net")) table.fault("net", 'needs the capability "net"');
  if (new Set(endpoints).size !== endpoints.length) table.fault("net", "an entry is listed twice");
  return endpoints;
}

export function readDependencies(top: TableReader, key: string): Readonly<Record<string, string>> {
  const table = top.table(key);
  const found: Record<string, string> = Object.create(null);
  if (!table) return found;
  if (table.keys.length > 64) table.fault("", `need at most 64 entries, have ${table.keys.length}`);
  for (const name of table.keys.slice(0, 64)) {
    if (tryModuleName(name) === undefined) table.fault(name, "is no module name");
    const constraint = table.parsed(name, parseConstraint);
    if (constraint !== undefined && tryModuleName(name) !== undefined) found[name] = constraint;
  }
  return found;
}

export function readConfigSchema(top: TableReader): Readonly<Record<string, string>> {
  const table = top.table("config_schema");
  const schema: Record<string, string> = Object.create(null);
  if (!table) return schema;
  if (table.keys.length > 256) table.fault("", `need at most 256 entries, have ${table.keys.length}`);
  for (const key of table.keys.slice(0, 256)) {
    if (!/^[A-Za-z0-9_.-]{1,128}$/.test(key) || key === "__proto__") {
      table.fault(key, "is no configuration key");
    } else schema[key] = table.text(key, { max: 1024 }) ?? "";
  }
  return schema;
}

export function readLimits(top: TableReader): ManifestLimits {
  const table = top.table("limits");
  if (!table) return {};
  table.only(["memory_mb", "startup_ms", "event_queue", "requests_per_second"]);
  return defined({
    memoryMb: table.integer("memory_mb", 16, 4096),
    startupMs: table.integer("startup_ms", 100, 120_000),
    eventQueue: table.integer("event_queue", 1, 65_536),
    requestsPerSecond: table.integer("requests_per_second", 1, 100_000),
  });
}

export function readCompatibility(top: TableReader): Manifest["compatibility"] {
  const table = top.table("compatibility");
  if (!table) return {};
  table.only(["node", "sdk"]);
  return defined({ node: table.parsed("node", parseConstraint), sdk: table.integer("sdk", 1, 1000) });
}

export function readBinary(top: TableReader, maxBytes: number): Manifest["binary"] {
  const table = top.table("binary");
  if (!table) return undefined;
  table.only(["hash", "size"]);
  const hash = table.text("hash", {
    pattern: /^(?:sha256:)?[0-9a-fA-F]{64}$/,
    need: '"sha256:" and 64 hex digits',
  });
  return defined({
    hash: hash === undefined ? undefined : `sha256:${hash.slice(-64).toLowerCase()}`,
    size: table.integer("size", 1, maxBytes),
  });
}

export function readPayment(top: TableReader): ManifestPayment | undefined {
  const table = top.table("payment");
  if (!table) return undefined;
  table.only([
    "required",
    "price_sats",
    "author_payment_code",
    "author_address",
    "commons_payment_code",
    "commons_address",
    "payment_signature",
  ]);
  const required = table.flag("required") ?? false;
  if (required && !table.has("price_sats")) table.fault("price_sats", "is missing, as a payment is required");
  return defined({
    required,
    priceSats: table.integer("price_sats", 1, MAX_SATS),
    authorPaymentCode: table.text("author_payment_code"),
    authorAddress: table.text("author_address"),
    commonsPaymentCode: table.text("commons_payment_code"),
    commonsAddress: table.text("commons_address"),
    paymentSignature: table.text("payment_signature", {
      pattern: /^(?:[0-9a-fA-F]{2})+$/,
      need: "hex digits",
    }),
  });
}

export function readDownloads(top: TableReader): Manifest["downloads"] {
  const table = top.table("downloads");
  if (!table) return [];
  if (table.keys.length > 32) table.fault("", `need at most 32 entries, have ${table.keys.length}`);
  return table.keys.slice(0, 32).flatMap((platform) => {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(platform) || platform === "__proto__") {
      table.fault(platform, "is no platform name");
      return [];
    }
    const entry = table.table(platform);
    if (!entry) return [];
    entry.only(["url", "sha256"]);
    const url = entry.text("url", { max: 2048, pattern: /^https?:\/\/\S+$/, need: "an http(s) address" });
    const sha256 = entry.text("sha256", { pattern: HEX64, need: "64 hex digits" });
    for (const key of ["url", "sha256"]) if (!entry.has(key)) entry.fault(key, "is missing");
    return url === undefined || sha256 === undefined ? [] : [{ platform, url, sha256: sha256.toLowerCase() }];
  });
}

/** Refuses `__proto__` and nesting that no field has, anywhere in the document. Not recursive beyond the cap. */
export function checkShape(table: Readonly<Record<string, unknown>>, reader: TableReader): void {
  const walk = (value: unknown, path: string, depth: number): void => {
    if (depth > 4) return void reader.fault(path, "is nested too deeply");
    if (Array.isArray(value)) value.forEach((item, i) => walk(item, `${path}[${i}]`, depth + 1));
    else if (isTable(value)) {
      for (const key of Object.keys(value)) {
        if (key === "__proto__" && depth > 0) reader.fault(`${path}.__proto__`, "this key is not allowed");
        walk(value[key], path === "" ? key : `${path}.${key}`, depth + 1);
      }
    }
  };
  walk(table, "", 0);
}

/** `fields` without those that are undefined, as exact optional properties need. */
export function defined<T extends Readonly<Record<string, unknown>>>(
  fields: T,
):
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & {
    [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
  } {
  // The filter removes exactly the undefined values, which is what the type says.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
