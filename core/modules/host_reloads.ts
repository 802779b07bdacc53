import { CommonsError, errorText, type ModuleName } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Dependents } from "./host_dependents.ts";
import type { ModuleSet } from "./host_modules.ts";
import type { Supervisor } from "./supervisor.ts";

export interface FolderReloadsParts {
  readonly logger: Logger;
  readonly modules: ModuleSet;
  readonly dependents: Dependents;
  /** True when the configuration wants the module started. */
  readonly shallStart: (module: Supervisor) => boolean;
}

/**
 * Follows what happens in the modules folder. New: loaded when the configuration enables it. Changed: put in the place of
 * what runs, which stays when the new version is refused or does not start; tried again when it did not run because
 * something was wrong with it. Gone: stopped and forgotten. What the operator has stopped stays stopped.
 */
export class FolderReloads {
  readonly #parts: FolderReloadsParts;

  constructor(parts: FolderReloadsParts) {
    this.#parts = parts;
  }

  /** Never rejects: what became of the module shows in its state, and in the log. */
  async changed(name: ModuleName): Promise<void> {
    const { logger, modules } = this.#parts;
    try {
      const known = modules.get(name);
      const module = await modules.look(name);
      if (module === undefined) await this.#gone(known);
      else if (known === undefined) await this.#appeared(module);
      else await this.#changed(module);
    } catch (error) {
      const code = error instanceof CommonsError ? error.code : "INTERNAL";
      logger.warn("a change of a module was not taken over", { module: name, code, error: errorText(error) });
    }
  }

  async #gone(module: Supervisor | undefined): Promise<void> {
    const { dependents, logger, modules } = this.#parts;
    if (module === undefined) return;
    logger.info("a module's folder is gone", { module: module.name });
    if (module.state === "running" || module.state === "backoff" || module.state === "starting") {
      await dependents.unload(module);
    }
    modules.remove(module);
  }

  async #appeared(module: Supervisor): Promise<void> {
    if (this.#parts.shallStart(module)) await this.#parts.dependents.load(module);
  }

  async #changed(module: Supervisor): Promise<void> {
    const { dependents, shallStart } = this.#parts;
    switch (module.state) {
      case "starting":
      case "running":
      case "backoff":
        return await dependents.reload(module, { changed: true });
      case "rejected":
      case "failed":
      case "needs_approval":
        if (shallStart(module)) await dependents.load(module);
        return;
      default:
        return module.touch();
    }
  }
}
