import { type Clock, systemRandom } from "../../core/base/mod.ts";
import { createEventBus, type EventBus, type NodeEvent } from "../../core/events/mod.ts";
import {
  type CellLimits,
  createCellFactory,
  createFolderWatch,
  createModuleBuilder,
  createModuleFiles,
  createModuleHost,
  findDenoDir,
  type ModuleHost,
  type ModuleHostInit,
  openModuleFolder,
  SDK_TEXT,
  SDK_VERSION,
} from "../../core/modules/mod.ts";
import { keys, memoryStore, namespacedStore, type Store } from "../../core/store/mod.ts";
import { createLogger, createMetrics } from "../../core/telemetry/mod.ts";
import { countedClock } from "./counted_clock.ts";
import { plantModule, type TestModule } from "./modules.ts";
import { tempDir } from "./temp_dir.ts";

/** A real module host with real cells on a folder of modules, in this process, without HTTP and peers. */
export interface ModuleRig extends AsyncDisposable {
  readonly host: ModuleHost;
  readonly events: EventBus;
  readonly store: Store;
  readonly modulesDir: string;
  /** Everything that was published, oldest first. */
  readonly published: NodeEvent[];
  /** Numbers as a scrape sees them. */
  metrics(): Promise<string>;
  /** Timers of the host, its cells and builds that are still to fire. */
  readonly pendingTimers: number;
  /** Lines of the node's log. */
  readonly log: string[];
  /** Puts a module's folder into the modules dir, in the place of one of that name. */
  put(name: string, module: TestModule): Promise<void>;
  /** What a module answers to a call of a method that it exposed. */
  ask(name: string, method: string, params?: unknown): Promise<unknown>;
}

export interface ModuleRigOptions extends Partial<Omit<ModuleHostInit, "limits">> {
  /** In the folder before the start. */
  readonly modules?: Readonly<Record<string, TestModule>>;
  readonly limits?: Partial<CellLimits>;
  /** Keeps a spare cell, as a node does. */
  readonly spare?: boolean;
  /** Keeps what was published; default true. */
  readonly recording?: boolean;
  /** Follows changes of the folder. */
  readonly watch?: boolean;
}

const LIMITS: CellLimits = {
  memoryBytes: 128 * 1_048_576,
  startupMs: 20_000,
  unresponsiveMs: 20_000,
  stopMs: 5_000,
  eventQueue: 1_000,
  requestsPerSecond: 1_000,
  maxInFlight: 256,
  maxFrameBytes: 1_048_576,
};

/** Starts the host. Disposing stops it, ends every cell and removes the folder. */
export async function startModuleRig(options: ModuleRigOptions = {}): Promise<ModuleRig> {
  const { modules = {}, limits, spare = false, watch = false, recording = true, ...init } = options;
  await using cleanup = new AsyncDisposableStack();
  const dir = cleanup.use(await tempDir());
  const dataDir = cleanup.use(await tempDir());
  for (const [name, module] of Object.entries(modules)) await plantModule(dir.path, name, module);
  const log: string[] = [];
  const clock = countedClock();
  const logger = createLogger({ level: "info", format: "json", clock, write: (line) => log.push(line) });
  const metrics = createMetrics();
  const events = createEventBus({ clock, logger, metrics });
  const store = memoryStore();
  cleanup.defer(() => store.close());
  const published: NodeEvent[] = [];
  if (recording) cleanup.use(events.listen({ name: "rig" }, (event) => published.push(event)));
  const allLimits = { ...LIMITS, ...limits };
  const { cells, builder } = await startCells(cleanup, { clock, limits: allLimits, spare });
  const host = createModuleHost({
    store,
    events,
    clock,
    logger,
    metrics,
    cells,
    random: systemRandom,
    files: createModuleFiles({ builder }, { dir: dir.path }),
    openNamespace: (name) =>
      namespacedStore(store, keys.module(name), { quotaBytes: 1 << 26, quotaKeys: 100_000 }),
    openFolder: (module) =>
      openModuleFolder({ dataDir: dataDir.path, module, quotaBytes: 1 << 26, quotaFiles: 1_000 }),
    nodeInfo: () => ({ version: "0.1.0" }),
    ...(watch && { folder: createFolderWatch({ clock, logger }, { dir: dir.path }) }),
  }, {
    dataDir: dataDir.path,
    enabled: {},
    disabled: [],
    requireSignatures: false,
    moduleConfig: {},
    nodeVersion: "0.1.0",
    sdkVersion: SDK_VERSION,
    rpcMethods: [],
    ...init,
    limits: allLimits,
  });
  cleanup.defer(() => host.stop());
  await host.start();
  const owned = cleanup.move();
  return {
    host,
    events,
    store,
    modulesDir: dir.path,
    published,
    log,
    metrics: () => metrics.text(),
    get pendingTimers() {
      return clock.pending;
    },
    put: (name, module) => replaceModule(dir.path, name, module),
    ask: (name, method, params = null) => host.call(name, method, params, { caller: "test" }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startCells(
  cleanup: AsyncDisposableStack,
  { clock, limits, spare }: { readonly clock: Clock; readonly limits: CellLimits; readonly spare: boolean },
) {
  const denoDir = findDenoDir(Deno.build.os, (name) => Deno.env.get(name));
  const logger = createLogger({ level: "error", format: "json", clock, write: console.error });
  const { memoryBytes, unresponsiveMs } = limits;
  const cells = await createCellFactory(
    { clock, random: systemRandom, logger },
    { denoDir, ...(spare && { spare: { memoryBytes, unresponsiveMs, net: [] } }) },
  );
  cleanup.defer(() => cells.close());
  const builder = createModuleBuilder({ clock }, { denoDir, sdkText: SDK_TEXT });
  cleanup.defer(() => builder.close());
  return { cells, builder };
}

async function replaceModule(dir: string, name: string, module: TestModule): Promise<void> {
  const old = `${dir}/.old-${name}`;
  const there = await Deno.rename(`${dir}/${name}`, old).then(() => true, () => false);
  await plantModule(dir, name, module);
  if (there) await Deno.remove(old, { recursive: true });
}
