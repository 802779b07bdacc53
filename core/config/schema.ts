import * as z from "zod";
import * as shapes from "./shapes.ts";

/** The whole configuration: every section, every key. */
export const configSchema = z.strictObject({
  node: z.strictObject(shapes.node).prefault({}),
  http: z.strictObject(shapes.http).prefault({}),
  p2p: z.strictObject(shapes.p2p).prefault({}),
  bans: z.strictObject(shapes.bans).prefault({}),
  chain: z.strictObject(shapes.chain).prefault({}),
  mesh: z.strictObject(shapes.mesh).prefault({}),
  lightning: z.strictObject(shapes.lightning).prefault({}),
  governance: z.strictObject({ ...shapes.governance, app: z.strictObject(shapes.governanceApp).prefault({}) })
    .prefault({}),
  modules: z.strictObject({
    ...shapes.modules,
    limits: z.strictObject(shapes.moduleLimits).prefault({}),
    /** `[modules.<name>]` of each module; plain JSON values, already checked. */
    settings: z.custom<Record<string, Record<string, unknown>>>().prefault({}),
  }).prefault({}),
  store: z.strictObject(shapes.store).prefault({}),
  log: z.strictObject(shapes.log).prefault({}),
});

/** A value that cannot be changed, at any depth. */
export type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[]
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;

/** The effective configuration. Durations are milliseconds, sizes bytes (but `memory_mb`). Frozen at every depth. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** Known keys: a section is a tree, a key its rule. `"names"` is a table with free names as keys. */
export interface KeyTree {
  readonly [key: string]: z.ZodType | KeyTree;
}

/** Every known key, for finding unknown ones. Free tables (`[modules.<name>]`) are not in it. */
export const KEYS: KeyTree = {
  node: shapes.node,
  http: shapes.http,
  p2p: shapes.p2p,
  bans: shapes.bans,
  chain: shapes.chain,
  mesh: shapes.mesh,
  lightning: shapes.lightning,
  governance: { ...shapes.governance, app: shapes.governanceApp },
  modules: { ...shapes.modules, limits: shapes.moduleLimits },
  store: shapes.store,
  log: shapes.log,
};

/** True for a rule of a key, false for a section. */
export function isRule(node: z.ZodType | KeyTree): node is z.ZodType {
  return node instanceof z.ZodType;
}

/** Keys whose value is a table with free names: single names in it can be set from outside. */
export const NAME_TABLES: ReadonlySet<string> = new Set(["modules.enabled", "modules.trust"]);
