import { type CommonsError, errorText, isCommonsError, type ModuleName } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import {
  blamed,
  type DependencyFacts,
  dependencyFault,
  isPassingFault,
  type Needed,
  neededModules,
} from "./dependencies.ts";
import { stopInOrder } from "./host_order.ts";
import type { Manifest } from "./manifest_types.ts";
import type { Supervisor } from "./supervisor.ts";
import { satisfies } from "./versions.ts";

/** Each try starts at least one module more; a manifest lists no more than so many. */
const MAX_TRIES = 64;

export interface DependentsParts {
  readonly logger: Logger;
  readonly all: () => readonly Supervisor[];
  readonly get: (name: string) => Supervisor | undefined;
  /** As it is in the folder now, where it may have been dropped in since. */
  readonly discover: (name: string) => Promise<Supervisor | undefined>;
  readonly nodeVersion: string;
  /** Modules that are not started because another one needs them. */
  readonly disabled: readonly string[];
}

/**
 * Keeps modules in step with what they need. A module whose hard dependency stops, crashes, or is replaced by a version
 * that it cannot live with, is stopped, those that need it before it, and started again when what it needs runs again.
 * Optional dependencies stop nobody. Decides by what is the case now: whatever happens meanwhile, it ends in order.
 */
export class Dependents {
  readonly #parts: DependentsParts;
  readonly #facts: DependencyFacts;
  /** On their way out, so that for others they do not run any more; and how many stops each is part of. */
  readonly #leaving = new Map<string, number>();
  /** Versions that are about to take the place of what runs. */
  readonly #coming = new Map<string, string>();
  readonly #unsettled = new Set<string>();

  constructor(parts: DependentsParts) {
    this.#parts = parts;
    this.#facts = { nodeVersion: parts.nodeVersion, find: (name) => this.#find(name) };
  }

  /** Why a module cannot run with what runs now. */
  fault(manifest: Pick<Manifest, "name" | "dependencies">): CommonsError | undefined {
    return dependencyFault(manifest, this.#facts);
  }

  /** A module may run, or not run, since: those that need it are looked at in a moment. */
  changed(name: string): void {
    if (!this.#parts.get(name)?.replacing) this.#coming.delete(name);
    if (this.#unsettled.has(name)) return;
    this.#unsettled.add(name);
    queueMicrotask(() => {
      this.#unsettled.delete(name);
      this.#review(name);
    });
  }

  /** Loads a module, and before it what it needs and does not run. @throws {CommonsError} as `Supervisor.load` */
  async load(module: Supervisor): Promise<void> {
    const { manifest, name, state } = module;
    if (manifest && state !== "running") {
      await this.#start(neededModules(manifest), { for: manifest, way: [name] });
    }
    await this.#withNeeded(module, () => module.load());
  }

  /** @throws {CommonsError} as `Supervisor.reload` */
  async reload(module: Supervisor, options: { readonly changed?: boolean } = {}): Promise<void> {
    await this.#withNeeded(module, () => module.reload(options));
  }

  /** Stops those that need a module, then the module. @throws {CommonsError} as `Supervisor.unload` */
  async unload(module: Supervisor): Promise<void> {
    if (!isUp(module) || this.#dependentsOf(module).length === 0) return await module.unload();
    await this.#retire(module, () => module.unload());
  }

  /** Stops those that cannot live with the version that comes; they are back as soon as they can. */
  async beforeReplace(name: ModuleName, version: string): Promise<void> {
    this.#coming.set(name, version);
    const lost = this.#needing(name).filter((other) => isUp(other) && this.#faultOf(other));
    await Promise.all(lost.map((other) => this.#retireWithoutNeeds(other)));
  }

  #review(name: string): void {
    const module = this.#parts.get(name);
    if (module?.replacing) return;
    for (const other of [...(module ? [module] : []), ...this.#needing(name)]) {
      const fault = this.#faultOf(other);
      if (fault && isUp(other) && !this.#leaving.has(other.name)) {
        this.#inBackground(this.#retireWithoutNeeds(other));
      } else if (!fault && other.waits) this.#inBackground(other.resume());
    }
  }

  /** Refusals show in the state of the module; what arrives here is a fault of the node. */
  #inBackground(work: Promise<void>): void {
    work.catch((error) => {
      this.#parts.logger.error("cannot keep modules in step", { error: errorText(error) });
    });
  }

  #retireWithoutNeeds(module: Supervisor): Promise<void> {
    return this.#retire(module, () => module.suspend(() => this.#faultOf(module)));
  }

  /** Suspends all that need a module, directly or not, farthest first; then `last` ends the module itself. */
  async #retire(module: Supervisor, last: () => Promise<void>): Promise<void> {
    const dependents = this.#dependentsOf(module);
    const leaving = [module, ...dependents].map(({ name }) => name);
    for (const name of leaving) this.#leaving.set(name, (this.#leaving.get(name) ?? 0) + 1);
    try {
      await stopInOrder(dependents, (other) => other.suspend(() => this.#faultOf(other)));
      await last();
    } finally {
      for (const name of leaving) {
        const stops = (this.#leaving.get(name) ?? 0) - 1;
        if (stops > 0) this.#leaving.set(name, stops);
        else this.#leaving.delete(name);
      }
      for (const name of leaving) this.changed(name);
    }
  }

  /** When what a load or reload read needs more than was known before, that is started, and it is tried again. */
  async #withNeeded(module: Supervisor, work: () => Promise<void>, left = MAX_TRIES): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Of another version nothing is gained by starting this one.
      if (!isPassingFault(error) || error.detail?.["reason"] === "DEPENDENCY_VERSION") throw error;
      const names = blamed(error).filter((name) => !this.#parts.get(name)?.running);
      await this.#start(names, { way: [module.name] });
      if (left <= 0 || !names.some((name) => this.#parts.get(name)?.running)) throw error;
      await this.#withNeeded(module, work, left - 1);
    }
  }

  /** Starts modules and what they need, one after the other. Never rejects: what is missing shows when it is needed. */
  async #start(
    names: readonly string[],
    options: { readonly for?: Pick<Manifest, "dependencies">; readonly way: readonly string[] },
  ): Promise<void> {
    const { way, for: asking } = options;
    for (const name of names) {
      if (way.includes(name) || this.#parts.disabled.includes(name)) continue;
      const module = await this.#parts.discover(name);
      const range = asking?.dependencies[name] ?? "*";
      if (!module?.manifest || module.running || !satisfies(module.manifest.version, range)) continue;
      await this.#start(neededModules(module.manifest), { for: module.manifest, way: [...way, name] });
      await module.load().catch(ignoreRefusal);
    }
  }

  #faultOf({ manifest }: Supervisor): CommonsError | undefined {
    return manifest && this.fault(manifest);
  }

  /** Those that name a module among their hard dependencies. */
  #needing(name: string): readonly Supervisor[] {
    return this.#parts.all().filter(({ manifest }) => manifest && Object.hasOwn(manifest.dependencies, name));
  }

  /** Those that are up and need a module, directly or over others. */
  #dependentsOf(module: Supervisor): readonly Supervisor[] {
    const found = new Set<Supervisor>();
    const open = [module];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const other of this.#needing(next.name)) {
        if (other === module || found.has(other) || !isUp(other)) continue;
        found.add(other);
        open.push(other);
      }
    }
    return [...found];
  }

  #find(name: string): Needed | undefined {
    const module = this.#parts.get(name);
    if (!module) return undefined;
    const { manifest, reason } = module;
    const needs = manifest ? neededModules(manifest) : [];
    const version = manifest?.version;
    if (this.#leaving.has(name)) return { state: "stopping", needs, version };
    const running = this.#coming.get(name) ??
      (module.replacing ? manifest?.version : module.running?.version);
    return { state: module.state, running, needs, version, reason: reason?.code };
  }
}

function isUp({ state }: Supervisor): boolean {
  return state === "running" || state === "backoff";
}

/** The module's own state tells why it does not run. */
function ignoreRefusal(error: unknown): undefined {
  if (!isCommonsError(error)) throw error;
}
