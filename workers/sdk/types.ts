import type { CliArg, CliResult } from "../protocol/cli.ts";
import type { MempoolApi, MiningApi } from "./blocks.ts";
import type { EventPayloads, EventType, PublishableEvent } from "./events.ts";
import type { ChainApi, Files, MetricsApi, NetworkApi } from "./groups.ts";

/** JSON, and besides `Uint8Array` and `bigint`: what crosses the wall. */
export type Value =
  | null
  | boolean
  | number
  | string
  | bigint
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };

/** One part of a storage key. */
export type KeyPart = string | number | bigint | boolean | Uint8Array;
export type Key = readonly KeyPart[];

/** An event of the node as a module sees it. `id` grows; 0 is an event from before that is told again. */
export interface ModuleEvent<T extends EventType = EventType> {
  readonly id: number;
  readonly type: T;
  /** Unix milliseconds. */
  readonly time: number;
  readonly payload: EventPayloads[T];
}

/** What is called for an event. A throw (or a rejection) is logged and ends nothing. */
export type EventHandler<T extends EventType> = (
  payload: EventPayloads[T],
  event: ModuleEvent<T>,
) => void | Promise<void>;

/**
 * Events of the node and of other modules: in order, at most once, none from before the subscription but `ModuleLoaded`
 * of the modules that run already. Those that a module is too slow for are dropped and counted.
 */
export interface Events {
  /** Calls `handler` for each event of `type`. Needs `subscribe_events`. Returns a function that ends it. */
  on<T extends EventType>(type: T, handler: EventHandler<T>): () => void;
  /** Ends every handler of `type`, or the one given. */
  off<T extends EventType>(type: T, handler?: EventHandler<T>): void;
  /** Publishes one of the types that modules may publish. Needs `publish_events`. */
  publish<T extends PublishableEvent>(type: T, payload: EventPayloads[T]): Promise<void>;
}

// deno-lint-ignore no-explicit-any -- what one module sends to another is between the two of them
type Payload = any;

/** The module's log, which the operator reads with `commons module logs`. Secrets do not belong in it. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface StorageEntry<T = unknown> {
  readonly key: Key;
  readonly value: T;
}

export interface StorageListOptions {
  readonly prefix?: Key;
  readonly start?: Key;
  readonly end?: Key;
  /** Default 100, at most 1,000. */
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** Writes that happen all or not at all, and only if every check holds. */
export interface Atomic {
  /** Holds when the value at `key` equals `expected`; `null` means that there is none. */
  check(key: Key, expected: Value): Atomic;
  set(key: Key, value: Value): Atomic;
  delete(key: Key): Atomic;
  /** False when a check did not hold; nothing was written then. */
  commit(): Promise<boolean>;
}

/** What a module has stored. */
export interface StorageUsage {
  /** Of keys and values as they are kept. */
  readonly bytes: number;
  readonly keys: number;
}

/**
 * The module's own database: nobody else reads it, and it outlives the module. Reading needs `read_storage`, writing
 * `write_storage`. Keys have 1 to 8 parts, values at most 60 KiB; over the quota (bytes, keys) `QUOTA_EXCEEDED`. Keys
 * that begin with `"$sdk"` are the SDK's own.
 */
export interface Storage {
  get<T = unknown>(key: Key): Promise<T | undefined>;
  /** Resolves when the value is committed. */
  set(key: Key, value: Value): Promise<void>;
  delete(key: Key): Promise<void>;
  /** Entries in the order of their keys. */
  list<T = unknown>(options?: StorageListOptions): Promise<readonly StorageEntry<T>[]>;
  atomic(): Atomic;
  usage(): Promise<StorageUsage>;
  /** Deletes everything, the version of the {@linkcode Migration}s too. Needs `manage_storage`. */
  clear(): Promise<void>;
}

/** Timers that end with the module; a throw in one is logged. */
export interface Timers {
  /** Calls `fn` once after `ms` milliseconds. Returns a function that ends it. */
  after(ms: number, fn: () => void | Promise<void>): () => void;
  /** Calls `fn` every `ms` milliseconds. */
  every(ms: number, fn: () => void | Promise<void>): () => void;
}

export interface Command {
  readonly name: string;
  readonly about?: string;
  readonly args?: readonly CliArg[];
}

/** Arguments by name: text, or true and false for flags. */
// deno-lint-ignore no-explicit-any -- what an argument is follows from the command's own spec
export type CommandArgs = Readonly<Record<string, any>>;

export interface Cli {
  /** Registers `commons <module> <name>`. What the handler returns is printed; a throw is exit code 1. */
  command(command: Command, handler: (args: CommandArgs) => CommandOutput | Promise<CommandOutput>): void;
}
export type CommandOutput = string | void | Partial<CliResult>;

/** A request to a route of the module. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  text(): string;
  json(): unknown;
}

/** Returns JSON data (status 200) or a `Response`. */
export type HttpHandler = (request: HttpRequest) => unknown;

/** Routes below `/modules/<name>/http`; a segment `:name` is a parameter. */
export interface Http {
  get(path: string, handler: HttpHandler): void;
  post(path: string, handler: HttpHandler): void;
  put(path: string, handler: HttpHandler): void;
  delete(path: string, handler: HttpHandler): void;
  on(method: string, path: string, handler: HttpHandler): void;
}

export interface Rpc {
  /** Registers a JSON-RPC method. Needs `register_rpc_endpoint`. */
  register(method: string, description: string, handler: (params: Payload) => unknown): Promise<void>;
  unregister(method: string): Promise<void>;
  /**
   * Answers `analyzepsbt` or `getdescriptorinfo`, which the node leaves to modules. The manifest must list the method in
   * `rpc_overrides`; the first module that registers has it. Needs `register_rpc_endpoint`.
   */
  registerCoreRpcOverride(
    method: string,
    description: string,
    handler: (params: Payload) => unknown,
  ): Promise<void>;
  unregisterCoreRpcOverride(method: string): Promise<void>;
}

export interface Api {
  /** Lets other modules (and the operator) call `method`. `caller` is who asks, as the node knows it. Needs `register_module_api`. */
  expose(method: string, handler: (params: Payload, caller: string) => unknown): void;
  /** Takes it back. */
  unexpose(method: string): void;
}

export interface Modules {
  /** Calls a method that another module exposes. Needs `call_module`. */
  call<T = unknown>(module: string, method: string, params?: Value): Promise<T>;
  /** Running modules. Needs `discover_modules`. */
  list(): Promise<readonly ModuleInfo[]>;
  info(module: string): Promise<ModuleInfo | undefined>;
  available(module: string): Promise<boolean>;
}

export interface ModuleInfo {
  readonly module_id: string;
  readonly module_name: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly status: string;
  readonly health: string;
  /** What it exposes. */
  readonly methods: readonly string[];
  readonly api_version: 1;
}

/** This node; every module may know it. */
export interface NodeInfo {
  readonly version: string;
  /** `mainnet`, `testnet`, `signet`, `regtest`. */
  readonly network: string;
  /** 64 hex digits. */
  readonly node_id: string;
  readonly peer_id: string;
}

/** Methods of a part of the node API by their names; each takes what the reference says and answers by a promise. */
// deno-lint-ignore no-explicit-any -- typed one by one as the services land
export type ApiGroup = Readonly<Record<string, (...params: any[]) => Promise<any>>>;

/** What a module gets: its only way to the world. */
export interface ModuleNode {
  /** This run of the module: `<name>_<32 hex>`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The module's `config.toml` with the node's `[modules.<name>]` on top. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where the module's data lies on the node's machine, for messages to the operator; the module cannot open it. */
  readonly dataDir: string;
  /** What this node is. Needs nothing. */
  info(): Promise<NodeInfo>;
  readonly log: Log;
  readonly events: Events;
  readonly storage: Storage;
  readonly timers: Timers;
  readonly cli: Cli;
  readonly http: Http;
  readonly rpc: Rpc;
  readonly api: Api;
  readonly modules: Modules;
  readonly fs: Files;
  readonly metrics: MetricsApi;
  readonly chain: ChainApi;
  readonly mempool: MempoolApi;
  readonly network: NetworkApi;
  readonly mining: MiningApi;
  readonly payments: ApiGroup;
  readonly lightning: ApiGroup;
  readonly mesh: ApiGroup;
  readonly governance: ApiGroup;
  /** Aborts when the node asks the module to stop. */
  readonly signal: AbortSignal;
}

/**
 * A step from one form of the stored data to the next. Steps run in order before `start`, each once: the version is kept
 * in the module's storage. A step that was cut short runs again from its beginning, so it must stand that.
 */
export interface Migration {
  /** Whole number above 0, larger than that of the step before. */
  readonly version: number;
  up(storage: Storage): void | Promise<void>;
}

/** A module: its default export. */
export interface ModuleDefinition {
  /** Needs `read_storage` and `write_storage`; its time counts as the start's. */
  readonly migrations?: readonly Migration[];
  /** The module runs once this has returned; a throw is a crash. */
  start(node: ModuleNode): void | Promise<void>;
  /** Has a few seconds to save what must be saved. */
  stop?(): void | Promise<void>;
}
