import { isSecretName } from "../base/mod.ts";
import type { Config } from "./schema.ts";

/** Keys of the known sections that hold secrets. */
export const SECRET_KEYS: readonly string[] = [
  "p2p.shared_key",
  "chain.rpc_password",
  "lightning.api_key",
  "governance.api_key",
  "governance.app.api_key",
];

const HIDDEN = "[redacted]";
/** In addresses of any scheme: modules talk to databases, too. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i;

function isSecretKey(path: readonly string[]): boolean {
  if (path[0] === "modules" && path[1] === "settings") return path.slice(3).some(isSecretName);
  return SECRET_KEYS.includes(path.join("."));
}

function redact(value: unknown, path: readonly string[]): unknown {
  const secret = isSecretKey(path);
  if (typeof value === "string") {
    if (secret && value !== "") return HIDDEN;
    return value.replace(USER_INFO, `$1${HIDDEN}@`);
  }
  if (typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return secret ? HIDDEN : value;
  if (Array.isArray(value)) return value.map((entry) => redact(entry, path));
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, redact(entry, [...path, key])]),
  );
}

/** A copy of the configuration that may be shown: what is or looks secret is replaced, empty values are left. */
export function redactConfig(config: Config): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(config).map(([section, value]) => [section, redact(value, [section])]),
  );
}

/** The secrets in a configuration themselves, to be registered with the logger. */
export function configSecrets(config: Config): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (typeof value === "string") {
      if (value !== "" && isSecretKey(path)) found.push(value);
    } else if (Array.isArray(value)) value.forEach((entry) => walk(entry, path));
    else if (typeof value === "object" && value !== null) {
      for (const [key, entry] of Object.entries(value)) walk(entry, [...path, key]);
    }
  };
  walk(config, []);
  return found;
}
