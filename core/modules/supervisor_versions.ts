import type { CommonsError, ModuleName } from "../base/mod.ts";
import type { ModuleLog } from "./module_log.ts";
import type { Launch, ModuleAdmission } from "./supervisor_admission.ts";
import {
  needsApproval,
  notRunning,
  refusedReload,
  rejection,
  rolledBack,
  startFailed,
  startGivenUp,
} from "./supervisor_faults.ts";
import type { ModuleLife } from "./supervisor_life.ts";
import type { ModuleStatus } from "./supervisor_status.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";

/** The rest of the module's supervisor. */
export interface VersionParts {
  readonly name: ModuleName;
  readonly log: ModuleLog;
  readonly status: ModuleStatus;
  readonly admission: ModuleAdmission;
  readonly life: ModuleLife;
}

/**
 * Starts the version of a module that was admitted, or puts another one in its place. Two versions of one module cannot
 * run side by side (they would want the same commands, routes and stored keys), so the new one is checked in full, then
 * the old one stopped, then the new one started; when it does not start, the old one is started again from memory.
 */
export class ModuleVersions {
  readonly #components: SupervisorComponents;
  readonly #parts: VersionParts;
  #replacing = false;

  constructor(components: SupervisorComponents, parts: VersionParts) {
    this.#components = components;
    this.#parts = parts;
  }

  get replacing(): boolean {
    return this.#replacing;
  }

  /** Starts what was admitted; the state is `starting`. @throws {CommonsError} `START_FAILED` */
  async start(interrupts: number): Promise<void> {
    const { name, life, admission } = this.#parts;
    const outcome = await life.start(admission.need(), interrupts);
    if (outcome.kind === "given_up") throw startGivenUp(name);
    if (outcome.kind === "running") return;
    life.fail(outcome.exit);
    throw startFailed(name, outcome.exit);
  }

  /**
   * A new version beside the one that runs, read and checked in full.
   * @throws {CommonsError} `MODULE_REJECTED`, `NEEDS_APPROVAL`; the old one runs on untouched then
   */
  async examine(): Promise<Launch> {
    const { name, admission } = this.#parts;
    let next: Launch;
    try {
      next = await admission.examine();
    } catch (cause) {
      const { refusal, error } = rejection(name, cause);
      throw this.#keep(error, refusal.code);
    }
    const { missing } = next.grants;
    if (missing.length > 0) throw this.#keep(needsApproval(name, missing), "NEEDS_APPROVAL");
    return next;
  }

  /** @throws {CommonsError} `START_FAILED`, with what became of the old version when there was one */
  async replace(next: Launch): Promise<void> {
    const { name, admission, life, status } = this.#parts;
    const { version } = next.prepared.manifest;
    this.#replacing = true;
    try {
      await this.#components.beforeReplace(name, version);
      const old = status.state === "running" ? admission.need() : undefined;
      const { interrupts } = life;
      await life.halt("gone");
      if (life.closing) throw notRunning("start", { name, state: status.state }, "the node is stopping");
      life.reset();
      admission.adopt(next);
      status.move("load");
      if (old === undefined) return await this.start(interrupts);
      await this.#startOrRollBack(old, interrupts);
      status.announceReloaded(old.prepared.manifest.version, version);
    } finally {
      this.#replacing = false;
    }
  }

  async #startOrRollBack(old: Launch, interrupts: number): Promise<void> {
    const { name, admission, life, status, log } = this.#parts;
    const outcome = await life.start(admission.need(), interrupts);
    if (outcome.kind === "given_up") throw startGivenUp(name);
    if (outcome.kind === "running") return;
    const failed = startFailed(name, outcome.exit);
    status.announceCrashed(outcome.exit);
    log.note("error", "the new version did not start, the old one is started again", {
      error: failed.message,
    });
    status.move("gone");
    admission.adopt(old);
    status.move("load");
    const back = await life.start(old, interrupts);
    if (back.kind === "ended") life.fail(back.exit);
    const runs = back.kind === "running";
    const { reason, error } = rolledBack(failed, { version: old.prepared.manifest.version, runs });
    if (runs) status.reason = reason;
    throw error;
  }

  /** A refused version leaves a word about it with the one that goes on. */
  #keep(error: CommonsError, code: CommonsError["code"]): CommonsError {
    const { log, life, status } = this.#parts;
    log.note("error", "the new version was refused", { code, message: error.message });
    if (status.state !== "running" || !life.run) return error;
    const kept = refusedReload(error, { code, version: life.run.init.version });
    status.reason = kept.reason;
    return kept.error;
  }
}
