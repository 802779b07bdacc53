import { isPlainPath } from "./manifest_path.ts";

/** The one name that is no path. */
export const SDK_SPECIFIER = "@commons/sdk";

/** What a specifier means: the SDK, a file of the module (first of `paths` that is there), or why it is refused. */
export type ResolvedImport =
  | { readonly kind: "sdk" }
  | { readonly kind: "file"; readonly paths: readonly string[] }
  | { readonly kind: "refused"; readonly why: string };

/** Resolves a static import of the file `importer` (its path inside the module's folder). Touches no file system. */
export function resolveImport(specifier: string, importer: string): ResolvedImport {
  if (specifier === SDK_SPECIFIER) return { kind: "sdk" };
  if (!/^\.\.?\//.test(specifier)) {
    return refused(`only relative paths inside the module's folder and "${SDK_SPECIFIER}" are allowed`);
  }
  const path = join(importer, specifier);
  if (path === undefined) return refused("it leads out of the module's folder");
  if (!isPlainPath(path)) return refused("it is no plain path");
  if (/\.(?:ts|js|mjs)$/.test(path)) return { kind: "file", paths: [path] };
  if (/\.(?:json|tsx|jsx|mts|cts|cjs|wasm|css|toml|node)$/.test(path)) {
    return refused("only .ts, .js and .mjs files can be imported");
  }
  return { kind: "file", paths: [`${path}.ts`, `${path}.js`] };
}

function join(importer: string, specifier: string): string | undefined {
  const parts = importer.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

function refused(why: string): ResolvedImport {
  return { kind: "refused", why };
}
