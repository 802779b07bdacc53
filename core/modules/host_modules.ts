import { CommonsError, errorText, type ModuleName, tryModuleName } from "../base/mod.ts";
import type { DiscoveredModule, ModuleHostComponents } from "./host_types.ts";
import { hasCell } from "./lifecycle.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";

/** Most modules that the host knows. */
const MAX_MODULES = 500;

/** A look at the folder answers for so long. */
const FRESH_MS = 1_000;

type SetComponents = Pick<ModuleHostComponents, "files" | "events" | "logger" | "clock">;

export interface ModuleSetInit {
  readonly supervision: SupervisorComponents;
  /** A module's folder is gone, and so is the module. */
  readonly onRemoved: (name: ModuleName) => void;
}

/** The modules that the host knows: what discovery found, each with its supervisor. */
export class ModuleSet {
  readonly #components: SetComponents;
  readonly #init: ModuleSetInit;
  readonly #modules = new Map<string, Supervisor>();
  #looking: Promise<void> | undefined;
  /** Monotonic time of the end of the last look at the folder. */
  #lookedAt = -Infinity;

  constructor(components: SetComponents, init: ModuleSetInit) {
    this.#components = components;
    this.#init = init;
  }

  /** In the order of their names. */
  all(): readonly Supervisor[] {
    return [...this.#modules.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  get(name: string): Supervisor | undefined {
    return this.#modules.get(name);
  }

  /** By name, or by id while it runs. */
  find(nameOrId: string): Supervisor | undefined {
    const module = this.#modules.get(nameOrId);
    if (module) return module;
    const owner = this.#modules.get(nameOrId.replace(/_[0-9a-f]{32}$/, ""));
    return owner?.running?.id === nameOrId ? owner : undefined;
  }

  /** @throws {CommonsError} `MODULE_NOT_FOUND` */
  need(name: string): Supervisor {
    const module = this.#modules.get(name);
    if (module) return module;
    throw notFound(name);
  }

  /** Takes up everything in the modules folder; a bad folder is listed as rejected. */
  async discover(): Promise<void> {
    await this.#take(await this.#components.files.discover());
    this.#lookedAt = this.#components.clock.monotonic();
  }

  /**
   * Takes up what came into the folder and forgets what went and does not run. At most once a second, and once for all
   * who ask meanwhile. Never rejects.
   */
  rediscover(): Promise<void> {
    if (this.#components.clock.monotonic() - this.#lookedAt < FRESH_MS) return Promise.resolve();
    return this.#looking ??= this.#rediscover().finally(() => {
      this.#looking = undefined;
      this.#lookedAt = this.#components.clock.monotonic();
    });
  }

  /** Looks for one module afresh: `undefined` when it has no folder any more. */
  async look(name: ModuleName): Promise<Supervisor | undefined> {
    const found = (await this.#components.files.discover()).find((module) => module.name === name);
    return found && await this.#adopt(found);
  }

  /** Looks for one module afresh unless it runs. Never rejects: what cannot be found is not there. */
  async lookIfIdle(name: string): Promise<Supervisor | undefined> {
    const known = this.#modules.get(name);
    const parsed = tryModuleName(name);
    if (known?.running || parsed === undefined) return known;
    try {
      return await this.look(parsed) ?? known;
    } catch (error) {
      this.#components.logger.warn("cannot look for a module", { module: name, error: errorText(error) });
      return known;
    }
  }

  /** Forgets a module whose folder is gone. It must not run. */
  remove(module: Supervisor): void {
    if (!this.#modules.delete(module.name)) return;
    const version = module.manifest?.version ?? "";
    this.#components.events.publish("ModuleRemoved", { module_name: module.name, version });
    this.#init.onRemoved(module.name);
  }

  async #rediscover(): Promise<void> {
    try {
      const found = await this.#components.files.discover();
      const names = new Set<string>(found.map(({ name }) => name));
      for (const module of this.all()) {
        if (!names.has(module.name) && isIdle(module)) this.remove(module);
      }
      await this.#take(found);
    } catch (error) {
      this.#components.logger.warn("cannot look at the modules folder", { error: errorText(error) });
    }
  }

  async #take(all: readonly DiscoveredModule[]): Promise<void> {
    for (const found of all) {
      try {
        await this.#adopt(found);
      } catch (error) {
        this.#components.logger.warn("a module was left out", {
          module: found.name,
          error: errorText(error),
        });
      }
    }
  }

  /** One that may have been dropped into the folder since. @throws {CommonsError} `MODULE_NOT_FOUND` */
  async findOrDiscover(name: string): Promise<Supervisor> {
    const known = this.#modules.get(name);
    if (known) return known;
    if (tryModuleName(name) === undefined) throw notFound(name);
    const found = (await this.#components.files.discover()).find((module) => module.name === name);
    if (found) return await this.#adopt(found);
    throw notFound(name);
  }

  /** The supervisor of what discovery found; two callers at once get the same one. */
  async #adopt(found: DiscoveredModule): Promise<Supervisor> {
    const known = this.#modules.get(found.name);
    const module = known ?? this.#add(found.name);
    // A module that is busy is not waited for: what it reads itself tells the same.
    if (!("fault" in found)) module.describe(found.manifest);
    else if (isIdle(module)) await module.reject(found.fault);
    if (known === undefined) {
      this.#components.events.publish("ModuleDiscovered", {
        module_name: found.name,
        version: module.manifest?.version ?? "",
        source: "filesystem",
      });
    }
    return module;
  }

  #add(name: ModuleName): Supervisor {
    if (this.#modules.size >= MAX_MODULES) {
      throw new CommonsError("TOO_MANY_MODULES", `Cannot use module ${name}: at most ${MAX_MODULES} modules`);
    }
    const module = new Supervisor(this.#init.supervision, name);
    this.#modules.set(name, module);
    return module;
  }
}

/** No cell, and none to come by itself. */
function isIdle({ state }: Supervisor): boolean {
  return !hasCell(state) && state !== "backoff";
}

function notFound(name: string): CommonsError {
  const shown = JSON.stringify(name.slice(0, 80));
  const why = "the modules dir has no folder of that name with a module.toml";
  return new CommonsError("MODULE_NOT_FOUND", `Cannot use module ${shown}: ${why}`);
}
