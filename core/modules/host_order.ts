import type { Manifest } from "./manifest_types.ts";

/** What ordering needs of a module. */
export type OrderedModule =
  & { readonly name: string }
  & Pick<Manifest, "dependencies" | "optionalDependencies">;

export interface StartOrder {
  /** Names, each after those that it waits for. */
  readonly order: readonly string[];
  /** Name → what it waits for. Never in a circle. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
}

/**
 * Order of start: hard and optional dependencies first, names in alphabetical order where nothing else decides. An
 * optional dependency that would close a circle counts for nothing, and so does one of the hard dependencies that run in
 * a circle: such modules are refused when they are loaded. What is not among `modules` is left out here.
 */
export function startOrder(modules: readonly OrderedModule[]): StartOrder {
  const byName = new Map(modules.map((module) => [module.name, module]));
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
  return { order: [...waits.keys()], waits };
}

/**
 * Calls `stop` for each module after those that wait for it, by hard or optional dependencies; at the same time where
 * nothing orders them. Rejects when a `stop` does.
 */
export async function stopInOrder<
  M extends { readonly name: string; readonly manifest: Manifest | undefined },
>(
  modules: readonly M[],
  stop: (module: M) => Promise<void>,
): Promise<void> {
  const { order, waits } = startOrder(modules.map(orderOf));
  const done = new Map<string, Promise<void>>();
  for (const name of order.toReversed()) {
    const module = modules.find((other) => other.name === name);
    const dependents = order.filter((other) => waits.get(other)?.includes(name));
    const after = Promise.all(dependents.map((other) => done.get(other)));
    if (module) done.set(name, after.then(() => stop(module)));
  }
  await Promise.all(done.values());
}

function orderOf(
  { name, manifest }: { readonly name: string; readonly manifest: Manifest | undefined },
): OrderedModule {
  return {
    name,
    dependencies: manifest?.dependencies ?? {},
    optionalDependencies: manifest?.optionalDependencies ?? {},
  };
}

function namesOf(dependencies: Manifest["dependencies"]): string[] {
  return Object.keys(dependencies).sort();
}
