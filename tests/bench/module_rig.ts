import { systemClock, systemRandom } from "../../core/base/mod.ts";
import { createEventBus, type EventBus } from "../../core/events/mod.ts";
import {
  createCellFactory,
  createModuleBuilder,
  createModuleFiles,
  createModuleHost,
  findDenoDir,
  type ModuleHost,
  SDK_TEXT,
  SDK_VERSION,
} from "../../core/modules/mod.ts";
import { keys, memoryStore, namespacedStore } from "../../core/store/mod.ts";
import { createLogger, createMetrics } from "../../core/telemetry/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A real module host with real cells on a folder of modules, for benches. */
export interface ModuleRig extends AsyncDisposable {
  readonly host: ModuleHost;
  readonly events: EventBus;
}

const LIMITS = {
  memoryBytes: 256 * 1_048_576,
  startupMs: 20_000,
  unresponsiveMs: 20_000,
  stopMs: 5_000,
  eventQueue: 1_000_000,
  // The benches measure what a call costs, not where a module is told to slow down.
  requestsPerSecond: 1_000_000_000,
  maxInFlight: 4_096,
  maxFrameBytes: 1_048_576,
};

/** `modules`: name → source of its `mod.js`; each asks for the capabilities given. */
export async function moduleRig(
  modules: Readonly<Record<string, string>>,
  options: { readonly capabilities?: readonly string[]; readonly spare?: boolean } = {},
): Promise<ModuleRig> {
  const { capabilities = ["discover_modules", "subscribe_events", "register_module_api"], spare = false } =
    options;
  await using cleanup = new AsyncDisposableStack();
  const dir = cleanup.use(await tempDir());
  for (const [name, source] of Object.entries(modules)) {
    await writeModule(dir.file(name), { name, source, capabilities });
  }
  const logger = createLogger({
    level: "error",
    format: "json",
    write: (line) => console.error(line),
    clock: systemClock,
  });
  const metrics = createMetrics();
  const events = createEventBus({ clock: systemClock, logger, metrics });
  const store = cleanup.use(memoryStore());
  const denoDir = findDenoDir(Deno.build.os, (name) => Deno.env.get(name));
  const cells = await createCellFactory(
    { clock: systemClock, random: systemRandom, logger },
    {
      denoDir,
      ...(spare &&
        { spare: { memoryBytes: LIMITS.memoryBytes, unresponsiveMs: LIMITS.unresponsiveMs, net: [] } }),
    },
  );
  cleanup.defer(() => cells.close());
  const builder = createModuleBuilder({ clock: systemClock }, { denoDir, sdkText: SDK_TEXT });
  cleanup.defer(() => builder.close());
  const host = createModuleHost(
    {
      store,
      events,
      clock: systemClock,
      random: systemRandom,
      logger,
      metrics,
      cells,
      files: createModuleFiles({ builder }, { dir: dir.path }),
      openNamespace: (name) =>
        namespacedStore(store, keys.module(name), { quotaBytes: 1 << 26, quotaKeys: 100_000 }),
      nodeInfo: () => ({ version: "0.0.0" }),
    },
    {
      dataDir: dir.path,
      enabled: {},
      disabled: [],
      limits: LIMITS,
      requireSignatures: false,
      moduleConfig: {},
      nodeVersion: "0.1.0",
      sdkVersion: SDK_VERSION,
      rpcMethods: [],
    },
  );
  cleanup.defer(() => host.stop());
  await host.start();
  const owned = cleanup.move();
  return { host, events, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function writeModule(
  folder: string,
  module: { readonly name: string; readonly source: string; readonly capabilities: readonly string[] },
): Promise<void> {
  const { name, source, capabilities } = module;
  await Deno.mkdir(folder);
  const manifest = [
    `name = "${name}"`,
    `version = "1.0.0"`,
    `entry_point = "mod.js"`,
    `capabilities = ${JSON.stringify(capabilities)}`,
  ];
  await Deno.writeTextFile(`${folder}/module.toml`, manifest.join("\n") + "\n");
  await Deno.writeTextFile(`${folder}/mod.js`, source);
}
