import * as shapes from "./shapes.ts";
import { Key } from "./values.ts";

/** Known keys: a section is a tree. */
export interface KeyTree {
  readonly [key: string]: Key<unknown> | KeyTree;
}

const TREE = {
  node: shapes.node,
  http: shapes.http,
  p2p: shapes.p2p,
  bans: shapes.bans,
  chain: { ...shapes.chain, anchor: shapes.chainAnchor },
  mesh: shapes.mesh,
  lightning: shapes.lightning,
  governance: { ...shapes.governance, app: shapes.governanceApp },
  modules: { ...shapes.modules, limits: shapes.moduleLimits },
  store: shapes.store,
  log: shapes.log,
};

/** Every known key. Free tables (`[modules.<name>]`) are not in it. */
export const KEYS: KeyTree = TREE;

/** Values of a tree of keys. */
type Values<T> = { readonly [K in keyof T]: T[K] extends Key<infer V> ? V : Values<T[K]> };

/** A value that cannot be changed, at any depth. */
export type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[]
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;

/** The effective configuration. Durations are milliseconds, sizes bytes (but `memory_mb`). Frozen at every depth. */
export type Config =
  & Omit<DeepReadonly<Values<typeof TREE>>, "modules">
  & {
    readonly modules: DeepReadonly<Values<typeof TREE.modules>> & {
      /** `[modules.<name>]` of each module; plain JSON values, already checked. */
      readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
  };

/** A value that a key refuses. */
export interface KeyFault {
  readonly path: readonly string[];
  readonly fault: string;
}

/** True for a key, false for a section. */
export function isRule(node: Key<unknown> | KeyTree): node is Key<unknown> {
  return node instanceof Key;
}

/**
 * Values of all keys: what is set where it holds, the default where nothing is set, and what is wrong with the rest.
 * What the tree does not know is left out.
 */
export function readKeys(
  tree: KeyTree,
  set: Readonly<Record<string, unknown>>,
  faults: KeyFault[],
  path: readonly string[] = [],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, node] of Object.entries(tree)) {
    const at = [...path, name];
    const value = Object.hasOwn(set, name) ? set[name] : undefined;
    if (!isRule(node)) values[name] = readKeys(node, isSection(value) ? value : {}, faults, at);
    else if (value === undefined) values[name] = node.fallback;
    else {
      const read = node.read(value);
      if ("fault" in read) faults.push({ path: at, fault: read.fault });
      else values[name] = read.value;
    }
  }
  return values;
}

/** The layers have made sure that what is set for a section is a table. */
function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Keys whose value is a table with free names: single names in it can be set from outside. */
export const NAME_TABLES: ReadonlySet<string> = new Set(["modules.enabled", "modules.trust"]);
