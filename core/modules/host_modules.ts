import { CommonsError, errorText, type ModuleName, tryModuleName } from "../base/mod.ts";
import type { DiscoveredModule, ModuleHostComponents } from "./host_types.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";

/** Most modules that the host knows. */
const MAX_MODULES = 500;

type SetComponents = Pick<ModuleHostComponents, "files" | "events" | "logger">;

/** The modules that the host knows: what discovery found, each with its supervisor. */
export class ModuleSet {
  readonly #components: SetComponents;
  readonly #supervision: SupervisorComponents;
  readonly #modules = new Map<string, Supervisor>();

  constructor(components: SetComponents, supervision: SupervisorComponents) {
    this.#components = components;
    this.#supervision = supervision;
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
    for (const found of await this.#components.files.discover()) {
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
    if ("fault" in found) await module.reject(found.fault);
    else module.describe(found.manifest);
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
    const module = new Supervisor(this.#supervision, name);
    this.#modules.set(name, module);
    return module;
  }
}

function notFound(name: string): CommonsError {
  const shown = JSON.stringify(name.slice(0, 80));
  const why = "the modules dir has no folder of that name with a module.toml";
  return new CommonsError("MODULE_NOT_FOUND", `Cannot use module ${shown}: ${why}`);
}
