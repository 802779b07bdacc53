import { isTestCode, repositoryPath, resolveImport, unitOf } from "./paths.ts";
import { ARROWS, PACKAGE_POWERS } from "./rules.ts";

/** One import of a file, as far as the rules ask. */
export interface ImportUse {
  readonly from: string;
  readonly specifier: string;
}

function moduleFault({ from, specifier }: ImportUse): string | undefined {
  const target = resolveImport(from, specifier);
  if (target === undefined) {
    return specifier.startsWith("node:") ? undefined : `a module imports only its own files and @commons/sdk`;
  }
  if (target === "workers/sdk/mod.ts" || unitOf(target) === unitOf(from)) return undefined;
  return `a module imports only its own files and @commons/sdk`;
}

function doorFault(unit: string, target: string): string | undefined {
  if (!target.startsWith("core/") && !target.startsWith("workers/")) return undefined;
  // A cell is one small program whose start is measured: its files load exactly what they need.
  if (["workers", "sdk", "protocol"].includes(unit)) return undefined;
  if (unit === "main.ts" && (target === "core/run_node.ts" || target === "workers/cell.ts")) return undefined;
  return target.endsWith("/mod.ts") ? undefined : `reaches past a door: import the folder's mod.ts`;
}

/** What is wrong with an import, or `undefined`. */
export function importFault(use: ImportUse): string | undefined {
  const from = repositoryPath(use.from);
  const unit = unitOf(from);
  if (isTestCode(from)) return undefined;
  if (from.startsWith("modules/")) return moduleFault({ ...use, from });
  const target = resolveImport(from, use.specifier);
  if (target === undefined) return packageFault(from, use.specifier);
  const targetUnit = unitOf(target);
  if (targetUnit === unit) return undefined;
  // A compiled binary starts itself again to build a module, and then loads nothing else.
  if (from === "main.ts" && target === "core/modules/build_child.ts") return undefined;
  if (ARROWS.get(unit)?.has(targetUnit) !== true) return `${unit} must not know ${targetUnit}`;
  return doorFault(unit, target);
}

function packageFault(from: string, specifier: string): string | undefined {
  if (/^(https?|jsr|npm|file|data|blob):/.test(specifier)) return "packages are named in deno.json, not here";
  const power = PACKAGE_POWERS.find(({ packages }) => packages.test(specifier));
  if (power === undefined || power.files.some((file) => file.test(from))) return undefined;
  return `${specifier} is not for this file: ${power.why}`;
}
