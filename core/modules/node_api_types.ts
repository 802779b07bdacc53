import type { ModuleName } from "../base/mod.ts";
import type { NamespacedStore } from "../store/mod.ts";
import type { EventFeed } from "./event_feed.ts";
import type { ModuleFolder } from "./module_folder.ts";
import { Params } from "./node_api_params.ts";
import type { ModuleView } from "./types.ts";

/** Whose call it is, as the channel says: handlers never take a module's word for it. */
export interface Caller {
  readonly name: ModuleName;
  /** Events on their way to this cell. */
  readonly feed: EventFeed;
  /** The module's own part of the store. */
  readonly storage: ModuleNamespace;
  /** The module's own files; absent where the node gives none. */
  readonly folder?: ModuleFolder;
  /** Core JSON-RPC methods that its manifest asks to answer. */
  readonly rpcOverrides: readonly string[];
}

/** One method of the node API. */
export interface NodeMethod {
  /** What the module must have been granted; null for what every module may do in its own space. */
  readonly capability: string | null;
  /** Why the method does not work in this version; then `run` is never called. */
  readonly unavailable?: string;
  /** Checks the parameters, then acts. A plain return answers at once, without a promise. */
  run(caller: Caller, params: readonly unknown[]): unknown;
}

/** Method names as they are on the wire, `<group>.<method>`. */
export type NodeMethodTable = Readonly<Record<string, NodeMethod>>;

/** A method with at most `most` positional parameters. */
export function method(
  name: string,
  spec: {
    readonly capability: string | null;
    readonly most: number;
    readonly run: (caller: Caller, params: Params) => unknown;
  },
): NodeMethodTable {
  const { capability, most, run } = spec;
  return { [name]: { capability, run: (caller, params) => run(caller, new Params(name, params, most)) } };
}

/** A module's own part of the store; it checks keys, values, requests and the quota by itself. */
export type ModuleNamespace = Pick<
  NamespacedStore,
  "get" | "set" | "delete" | "list" | "atomic" | "usage" | "clear"
>;

/** What a module learns of another one. */
export interface ModuleSummary {
  readonly module_id: string;
  readonly module_name: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly status: string;
  readonly health: string;
  readonly methods: readonly string[];
  readonly api_version: 1;
}

/** A module that runs, for those who subscribe to `ModuleLoaded` later. */
export interface LoadedModule {
  readonly module_id: string;
  readonly module_name: string;
  readonly version: string;
  /** Unix milliseconds of its `ModuleLoaded`. */
  readonly at: number;
}

/** The other modules, as far as the node API shows them. */
export interface ModuleDirectory {
  loaded(): readonly LoadedModule[];
  list(): readonly ModuleSummary[];
  /** By name or id of a running one. */
  info(nameOrId: string): ModuleSummary | undefined;
  call(
    nameOrId: string,
    method: string,
    params: unknown,
    options: { readonly caller: string },
  ): Promise<unknown>;
  reportHealth(name: ModuleName, health: ModuleView["health"], message: string | undefined): void;
}
