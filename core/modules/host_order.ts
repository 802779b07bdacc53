import type { Manifest } from "./manifest_types.ts";

/** What ordering needs of a module. */
export type OrderedModule = Pick<Manifest, "name" | "dependencies" | "optionalDependencies">;

export interface StartOrder {
  /** Names, each after those that it waits for. */
  readonly order: readonly string[];
  /** Name → what it waits for. Never in a circle. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
  /** Modules whose hard dependencies run in a circle. */
  readonly cyclic: readonly string[];
}

/**
 * Order of start: hard and optional dependencies first, names in alphabetical order where nothing else decides. An
 * optional dependency that would close a circle counts for nothing. What is not among `modules` is left out here.
 */
export function startOrder(modules: readonly OrderedModule[]): StartOrder {
  const byName = new Map(modules.map((module) => [module.name as string, module]));
  const cyclic = findCyclic(byName);
  const waits = new Map<string, readonly string[]>();
  const visiting = new Set<string>();
  const visit = (name: string): boolean => {
    if (waits.has(name)) return true;
    const module = byName.get(name);
    if (module === undefined || visiting.has(name)) return false;
    visiting.add(name);
    const hard = namesOf(module.dependencies);
    // Hard ones first: then only optional ones can be found to close a circle (or modules that are cyclic anyway).
    const needed = [...hard, ...namesOf(module.optionalDependencies)].filter((other) => visit(other));
    visiting.delete(name);
    waits.set(name, [...new Set(needed)]);
    return true;
  };
  for (const name of [...byName.keys()].sort()) visit(name);
  return { order: [...waits.keys()], waits, cyclic };
}

/** Modules that reach themselves by hard dependencies. */
function findCyclic(byName: ReadonlyMap<string, OrderedModule>): readonly string[] {
  return [...byName.keys()].sort().filter((start) => {
    const seen = new Set<string>();
    const open = namesOf(byName.get(start)?.dependencies ?? {});
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === start) return true;
      if (seen.has(name)) continue;
      seen.add(name);
      open.push(...namesOf(byName.get(name)?.dependencies ?? {}));
    }
    return false;
  });
}

function namesOf(dependencies: Manifest["dependencies"]): string[] {
  return Object.keys(dependencies).sort();
}
