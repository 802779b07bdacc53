import { CommonsError, errorText, type ModuleName } from "../base/mod.ts";
import type { CliResult, CliSpec } from "../../workers/protocol/mod.ts";
import { ApiRegistry, RpcRegistry } from "./api_registry.ts";
import { CliRegistry } from "./cli_registry.ts";
import { EventFeed } from "./event_feed.ts";
import { Grants } from "./grants.ts";
import { ModuleCalls } from "./host_calls.ts";
import { moduleDirectory } from "./host_directory.ts";
import { announceInstall } from "./host_installs.ts";
import { collectModuleMetrics } from "./host_metrics.ts";
import { Dependents } from "./host_dependents.ts";
import { startOrder, stopInOrder } from "./host_order.ts";
import { FolderReloads } from "./host_reloads.ts";
import { shallStart, startableModules } from "./host_startable.ts";
import type { Manifest } from "./manifest_types.ts";
import { watchModules } from "./watch.ts";
import { ModuleSet } from "./host_modules.ts";
import type { ModuleHostComponents, ModuleHostInit } from "./host_types.ts";
import type { AuditRecord } from "./audit.ts";
import type { ModuleFolder } from "./module_folder.ts";
import { ModuleMetrics } from "./module_metrics.ts";
import { createNodeMethods } from "./node_api.ts";
import { type ApiMethodView, describeMethods } from "./node_api_view.ts";
import { OVERRIDABLE_RPC, RpcOverrides } from "./rpc_overrides.ts";
import { NodeApiSession } from "./node_api_session.ts";
import type { ModuleDirectory, ModuleNamespace, NodeMethodTable } from "./node_api_types.ts";
import type { Registries } from "./node_api_registration.ts";
import { RouteRegistry } from "./route_registry.ts";
import { type PreparedModule, prepareModule } from "./supervisor_prepare.ts";
import { ModuleRun } from "./supervisor_run.ts";
import type { RunOptions, SupervisorComponents } from "./supervisor_types.ts";
import type {
  ModuleHost,
  ModuleHttpRequest,
  ModuleHttpResponse,
  ModuleLogLine,
  ModuleView,
} from "./types.ts";

/** For all cells together at the end of the node; what is left then is killed. */
const STOP_DEADLINE_MS = 8_000;
const DEFAULT_CPU_PERCENT = 90;

/**
 * The module host: finds modules, checks them, starts a cell for each, and is the only way between them and the node.
 * It does no I/O itself: files, cells and the store are handed in.
 */
export function createModuleHost(components: ModuleHostComponents, init: ModuleHostInit): ModuleHost {
  return new Host(components, init);
}

class Host implements ModuleHost {
  readonly #components: ModuleHostComponents;
  readonly #init: ModuleHostInit;
  readonly #modules: ModuleSet;
  readonly #namespaces = new Map<string, ModuleNamespace>();
  readonly #folders = new Map<string, ModuleFolder>();
  readonly #metrics: ModuleMetrics;
  readonly #registries: Registries;
  readonly #calls: ModuleCalls;
  readonly #directory: ModuleDirectory;
  readonly #methods: NodeMethodTable;
  readonly #dependents: Dependents;
  #watching: Disposable | undefined;
  #stopping: Promise<void> | undefined;

  constructor(components: ModuleHostComponents, init: ModuleHostInit) {
    this.#components = components;
    this.#init = init;
    const reserved = new Set([...init.rpcMethods, ...OVERRIDABLE_RPC]);
    this.#registries = {
      cli: new CliRegistry(),
      routes: new RouteRegistry(),
      api: new ApiRegistry(),
      rpc: new RpcRegistry((method) => reserved.has(method)),
      overrides: new RpcOverrides(),
    };
    const find = (nameOrId: string) => this.#modules.find(nameOrId);
    const all = () => this.#modules.all();
    this.#calls = new ModuleCalls(this.#registries, find);
    this.#directory = moduleDirectory({ api: this.#registries.api, calls: this.#calls, all, find });
    const { clock, events, network, chain, blocks, mempool, mining, inboundBlocks, nodeInfo } = components;
    this.#metrics = new ModuleMetrics({ metrics: components.metrics, clock });
    this.#methods = createNodeMethods({
      ...this.#registries,
      events,
      nodeInfo,
      network,
      chain,
      blocks,
      mempool,
      mining,
      inboundBlocks,
      metrics: this.#metrics,
      modules: this.#directory,
    });
    this.#modules = new ModuleSet(components, {
      supervision: this.#createSupervision(),
      onRemoved: (name) => {
        this.#namespaces.delete(name);
        this.#folders.delete(name);
        this.#dependents.changed(name);
      },
    });
    const { nodeVersion, disabled } = init;
    this.#dependents = new Dependents({
      all,
      logger: components.logger,
      nodeVersion,
      disabled,
      get: (name) => this.#modules.get(name),
      discover: (name) => this.#modules.lookIfIdle(name),
    });
    collectModuleMetrics(components.metrics, all);
  }

  async start(): Promise<void> {
    await this.#modules.discover();
    const startable = startableModules(this.#modules, this.#init);
    const { order, waits } = startOrder(startable.flatMap(({ manifest }) => manifest ?? []));
    const done = new Map<string, Promise<void>>();
    for (const name of order) {
      const dependencies = (waits.get(name) ?? []).map((other) => done.get(other));
      done.set(name, Promise.all(dependencies).then(() => this.#startOne(name)));
    }
    await Promise.all(done.values());
    for (const name of Object.keys(this.#init.enabled)) {
      if (!this.#modules.get(name)) {
        this.#components.logger.warn("an enabled module is not there", { module: name });
      }
    }
    this.#watching = this.#watch();
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#stopAll();
  }

  discover(): Promise<void> {
    return this.#stopping ? Promise.resolve() : this.#modules.rediscover();
  }

  list(): readonly ModuleView[] {
    return this.#modules.all().map((module) => module.view());
  }

  get(name: string): ModuleView | undefined {
    return this.#modules.get(name)?.view();
  }

  async load(name: string): Promise<ModuleView> {
    const module = await this.#modules.findOrDiscover(name);
    await this.#dependents.load(module);
    return module.view();
  }

  async unload(name: string): Promise<ModuleView> {
    const module = this.#modules.need(name);
    await this.#dependents.unload(module);
    return module.view();
  }

  async reload(name: string): Promise<ModuleView> {
    const module = this.#modules.need(name);
    await this.#dependents.reload(module);
    return module.view();
  }

  async approve(name: string): Promise<ModuleView> {
    const module = await this.#modules.findOrDiscover(name);
    await module.approve();
    return module.view();
  }

  async revoke(name: string): Promise<ModuleView> {
    const module = this.#modules.need(name);
    await module.revoke();
    return module.view();
  }

  logs(name: string, options: { readonly limit?: number } = {}): readonly ModuleLogLine[] {
    return this.#modules.need(name).log.lines(options.limit);
  }

  audit(name: string, options: { readonly limit?: number } = {}): readonly AuditRecord[] {
    return this.#modules.need(name).audit.recent(options.limit);
  }

  api(): readonly ApiMethodView[] {
    return describeMethods(this.#methods);
  }

  cliSpecs(): Readonly<Record<string, CliSpec>> {
    const specs = this.#modules.all().flatMap(({ name }) => this.#calls.cliSpec(name) ?? []);
    return Object.fromEntries(specs.map((spec) => [spec.name, spec]));
  }

  runCli(cli: string, subcommand: string, args: readonly string[]): Promise<CliResult> {
    return this.#calls.runCli(cli, subcommand, args);
  }

  handleHttp(name: string, request: ModuleHttpRequest): Promise<ModuleHttpResponse> {
    return this.#calls.handleHttp(name, request);
  }

  call(
    name: string,
    method: string,
    params: unknown,
    options: { readonly caller: string },
  ): Promise<unknown> {
    return this.#calls.call(name, method, params, options);
  }

  rpcMethods(): readonly string[] {
    return this.#calls.rpcMethods();
  }

  callRpc(method: string, params: unknown): Promise<unknown> {
    return this.#calls.callRpc(method, params);
  }

  /** Never rejects: one bad module does not stop the others. */
  async #startOne(name: string): Promise<void> {
    try {
      await this.#modules.get(name)?.load({ patient: true });
    } catch (error) {
      const code = error instanceof CommonsError ? error.code : "INTERNAL";
      this.#components.logger.warn("a module did not start", { module: name, code, error: errorText(error) });
    }
  }

  #watch(): Disposable | undefined {
    const { clock, folder, logger } = this.#components;
    if (folder === undefined || this.#stopping) return undefined;
    const reloads = new FolderReloads({
      logger,
      modules: this.#modules,
      dependents: this.#dependents,
      shallStart: (module) => shallStart(module, this.#init),
    });
    return watchModules({ clock, logger, folder }, (name) => reloads.changed(name));
  }

  #createSupervision(): SupervisorComponents {
    const { clock, random, logger, events, store, files, verifySignatures } = this.#components;
    const preparing = {
      files,
      dependencyFault: (manifest: Manifest) => {
        // Others judge by what was read last, also when it is refused.
        this.#modules.get(manifest.name)?.describe(manifest);
        return this.#dependents.fault(manifest);
      },
      ...(verifySignatures === undefined ? {} : { verifySignatures }),
    };
    return {
      clock,
      random,
      logger,
      events,
      grants: new Grants({ store, clock }),
      limits: this.#init.limits,
      prepare: (name) => prepareModule(preparing, this.#init, name),
      cpuPercent: this.#init.cpuPercent ?? DEFAULT_CPU_PERCENT,
      dependencyFault: (manifest) => this.#dependents.fault(manifest),
      beforeReplace: (name, version) => this.#dependents.beforeReplace(name, version),
      onStarted: (prepared) => void announceInstall(this.#components, prepared),
      onSettled: (name) => this.#dependents.changed(name),
      openRun: (prepared, options) => this.#openRun(prepared, options),
      release: (name) => {
        for (const registry of Object.values(this.#registries)) registry.remove(name);
        this.#metrics.remove(name);
      },
    };
  }

  #openRun(prepared: PreparedModule, { granted, audit, log }: RunOptions): ModuleRun {
    const { clock, logger, events, random, cells } = this.#components;
    const { manifest: { name, version, net, rpcOverrides }, limits, text, config } = prepared;
    const feed = new EventFeed({
      name,
      events,
      loaded: () => this.#directory.loaded(),
      capacity: limits.eventQueue,
    });
    const session = new NodeApiSession(
      { clock, logger, audit, feed, storage: this.#namespace(name), folder: this.#folder(name) },
      { name, table: this.#methods, granted: new Set(granted), rpcOverrides, limits },
    );
    return new ModuleRun({ clock, cells, feed, session, log }, {
      name,
      version,
      instanceId: `${name}_${random.bytes(16).toHex()}`,
      source: text,
      config,
      dataDir: `${this.#init.dataDir}/modules/${name}`,
      net: granted.includes("net") ? net : [],
      capabilities: granted,
      limits,
    });
  }

  /** One for all runs of a module: its counters live in it. */
  #namespace(name: ModuleName): ModuleNamespace {
    const known = this.#namespaces.get(name);
    if (known) return known;
    const opened = this.#components.openNamespace(name);
    this.#namespaces.set(name, opened);
    return opened;
  }

  /** One for all runs of a module, too: its operations run one after the other. */
  #folder(name: ModuleName): ModuleFolder | undefined {
    const known = this.#folders.get(name);
    if (known) return known;
    const opened = this.#components.openFolder?.(name);
    if (opened) this.#folders.set(name, opened);
    return opened;
  }

  /** Dependents first; what is not gone in time is killed. */
  async #stopAll(): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    const modules = this.#modules.all();
    const guard = this.#components.clock.after(STOP_DEADLINE_MS, () => {
      for (const module of modules) module.kill("the node is stopping");
    });
    try {
      await stopInOrder(modules, (module) => module.shutDown());
    } finally {
      guard[Symbol.dispose]();
    }
  }
}
