import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replaceAll("\\", "/");

/** Path inside the repository, with forward slashes. */
export function repositoryPath(path: string): string {
  const slashed = path.replaceAll("\\", "/");
  return slashed.startsWith(ROOT) ? slashed.slice(ROOT.length) : slashed.replace(/^\.\//, "");
}

/** Tests, their helpers, benches and tools: they may reach past the doors. */
export function isTestCode(path: string): boolean {
  return /_(test|bench)\.ts$/.test(path) || path.startsWith("tests/") || path.startsWith("tools/");
}

/**
 * The unit that a file belongs to: `base`, `p2p`, … in `core/`; `node` for the files right in it; `protocol`, `sdk` and
 * `workers` (the rest) there; `modules/<name>`; else the top folder or file.
 */
export function unitOf(path: string): string {
  const [top = "", second = "", ...rest] = path.split("/");
  if (top === "core") return rest.length === 0 ? "node" : second;
  if (top === "modules") return `modules/${second}`;
  if (top === "workers") return second === "protocol" || second === "sdk" ? second : "workers";
  return top;
}

/** Repository path that `specifier` means in `from`, or `undefined` for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier === "@commons/sdk") return "workers/sdk/mod.ts";
  if (!specifier.startsWith(".")) return undefined;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.push(...(parts.length === 0 ? [".."] : (parts.pop(), [])));
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
