import { createHash } from "node:crypto";
import { CommonsError, FakeClock, isCommonsError, parseModuleName, seededRandom } from "../base/mod.ts";
import { createEventBus, type EventBus, type NodeEvent } from "../events/mod.ts";
import { keys, memoryStore, namespacedStore, type Store } from "../store/mod.ts";
import { createLogger, createMetrics } from "../telemetry/mod.ts";
import type { CellLimits } from "./cell_types.ts";
import { FakeCells } from "./fake_cells.ts";
import { createModuleHost } from "./host.ts";
import type {
  DiscoveredModule,
  ModuleBundle,
  ModuleFiles,
  ModuleHostComponents,
  ModuleHostInit,
} from "./host_types.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest_types.ts";
import type { ModuleHost } from "./types.ts";

export const LIMITS: CellLimits = {
  memoryBytes: 64 * 1_048_576,
  startupMs: 5_000,
  unresponsiveMs: 2_000,
  stopMs: 2_000,
  eventQueue: 100,
  requestsPerSecond: 1_000,
  maxInFlight: 8,
  maxFrameBytes: 1_048_576,
};

/** A module as a test writes it down. */
export interface TestModule {
  readonly capabilities?: readonly string[];
  readonly version?: string;
  /** More lines of the manifest. */
  readonly toml?: string;
  readonly source?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** What reading it fails with. */
  readonly fault?: CommonsError;
}

/** The modules folder of a test. */
export class TestFiles implements ModuleFiles {
  readonly modules = new Map<string, TestModule>();
  /** How often each module was read. */
  readonly reads = new Map<string, number>();
  /** Awaited before each read. */
  gate: Promise<void> = Promise.resolve();

  discover(): Promise<readonly DiscoveredModule[]> {
    return Promise.resolve([...this.modules].map(([text, module]) => {
      const name = parseModuleName(text);
      return module.fault ? { name, fault: module.fault } : { name, manifest: manifestOf(text, module) };
    }));
  }

  async read(name: string): Promise<ModuleBundle> {
    this.reads.set(name, (this.reads.get(name) ?? 0) + 1);
    await this.gate;
    const module = this.modules.get(name);
    if (!module) throw new CommonsError("MODULE_NOT_FOUND", `Cannot read module ${name}: no folder`);
    if (module.fault) throw module.fault;
    const text = module.source ?? `export default { start() {} }; // ${name}`;
    return { manifest: manifestOf(name, module), text, ...measure(text), config: module.config ?? {} };
  }
}

export function measure(text: string): { readonly hash: string; readonly bytes: number } {
  const bytes = new TextEncoder().encode(text);
  return { hash: `sha256:${createHash("sha256").update(bytes).digest("hex")}`, bytes: bytes.length };
}

function manifestOf(name: string, module: TestModule): Manifest {
  const { capabilities = [], version = "1.0.0", toml = "" } = module;
  const text = `name = "${name}"
version = "${version}"
entry_point = "mod.js"
capabilities = ${JSON.stringify(capabilities)}
${toml}
`;
  return parseManifest(new TextEncoder().encode(text), { file: `${name}/module.toml` });
}

/** A host on a fake clock with fake cells, and everything around it that a test looks at. */
export class TestHost implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly events: EventBus;
  readonly store: Store = memoryStore();
  readonly cells = new FakeCells(this.clock);
  readonly files = new TestFiles();
  readonly log: string[] = [];
  readonly published: NodeEvent[] = [];
  readonly metrics = createMetrics();
  readonly host: ModuleHost;
  readonly #listening: Disposable;

  constructor(
    init: Partial<ModuleHostInit> = {},
    components: Partial<ModuleHostComponents> = {},
  ) {
    const { clock, store, cells, files, metrics } = this;
    const logger = createLogger({
      level: "debug",
      format: "json",
      clock,
      write: (line) => this.log.push(line),
    });
    const events = createEventBus({ clock, logger, metrics });
    this.events = events;
    this.#listening = events.listen({ name: "test" }, (event) => this.published.push(event));
    this.host = createModuleHost({
      clock,
      store,
      cells,
      files,
      metrics,
      events,
      logger,
      random: seededRandom(1),
      openNamespace: (name) =>
        namespacedStore(store, keys.module(name), { quotaBytes: 10_000, quotaKeys: 10 }),
      nodeInfo: () => ({ name: "test", version: "0.1.0" }),
      ...components,
    }, {
      dataDir: "/data",
      enabled: {},
      disabled: [],
      limits: LIMITS,
      requireSignatures: false,
      moduleConfig: {},
      nodeVersion: "0.1.0",
      sdkVersion: 1,
      rpcMethods: ["getblockcount"],
      ...init,
    });
  }

  add(name: string, module: TestModule = {}): void {
    this.files.modules.set(name, module);
  }

  /** `[type, payload]` of the events of these types since the last call. */
  took(...types: string[]): unknown[] {
    return this.published.splice(0).filter(({ type }) => types.includes(type))
      .map(({ type, payload }) => [type, payload]);
  }

  state(name: string): string | undefined {
    return this.host.get(name)?.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
    this.#listening[Symbol.dispose]();
    await this.store.close();
  }
}

/** Code of what `work` throws or rejects with; "" when it does neither. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    if (isCommonsError(error)) return error.code;
    throw error;
  }
}
