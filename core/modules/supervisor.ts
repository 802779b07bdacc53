import { CommonsError, errorText, isCommonsError, type ModuleName } from "../base/mod.ts";
import { AuditTrail } from "./audit.ts";
import type { Invocation } from "./cell_types.ts";
import { isPassingFault } from "./dependencies.ts";
import type { Manifest } from "./manifest_types.ts";
import { ModuleLog } from "./module_log.ts";
import { ModuleAdmission } from "./supervisor_admission.ts";
import { lacking, needsApproval, notRunning, rejection } from "./supervisor_faults.ts";
import { ModuleLife } from "./supervisor_life.ts";
import { Mutex } from "./supervisor_mutex.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";
import { type Health, ModuleStatus, type Reason } from "./supervisor_status.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";
import { ModuleVersions } from "./supervisor_versions.ts";
import { viewOf } from "./supervisor_view.ts";
import type { ModuleState, ModuleView } from "./types.ts";

/**
 * One module's life. Operations (load, unload, reload, approve, revoke, restart, suspend, resume) run one after the
 * other; a cell that dies is dealt with at once. What may follow what is the table in `lifecycle.ts`.
 */
export class Supervisor {
  readonly name: ModuleName;
  readonly audit: AuditTrail;
  readonly log: ModuleLog;
  readonly #components: SupervisorComponents;
  readonly #mutex = new Mutex();
  readonly #status: ModuleStatus;
  readonly #admission: ModuleAdmission;
  readonly #life: ModuleLife;
  readonly #versions: ModuleVersions;
  /** It is to be started as soon as what it needs runs. */
  #waits = false;
  /** Its files changed since they were read. */
  #stale = false;

  constructor(components: SupervisorComponents, name: ModuleName) {
    const { clock, logger, events } = components;
    this.name = name;
    this.#components = components;
    this.#status = new ModuleStatus(name, events);
    this.#admission = new ModuleAdmission(components, name);
    this.audit = new AuditTrail(clock);
    this.log = new ModuleLog({ clock, logger: logger.child(`module:${name}`) });
    this.#life = new ModuleLife(components, {
      name,
      status: this.#status,
      audit: this.audit,
      log: this.log,
      onRetry: () => void this.#restart(),
      onExit: () => components.onSettled(name),
    });
    const { log } = this;
    this.#versions = new ModuleVersions(components, {
      name,
      log,
      status: this.#status,
      admission: this.#admission,
      life: this.#life,
    });
  }

  get state(): ModuleState {
    return this.#status.state;
  }

  get reason(): Reason | undefined {
    return this.#status.reason;
  }

  /** As it was last read. */
  get manifest(): Manifest | undefined {
    return this.#admission.manifest;
  }

  get granted(): readonly string[] {
    return this.#admission.grants.granted;
  }

  /** Present while the module runs; `at` in Unix milliseconds. */
  get running(): { readonly id: string; readonly version: string; readonly at: number } | undefined {
    const { run, startedAt } = this.#life;
    if (this.state !== "running" || !run) return undefined;
    return { id: run.init.instanceId, version: run.init.version, at: startedAt };
  }

  /** True while it would be started if only what it needs ran: it ran before, or the node start wanted it. */
  get waits(): boolean {
    return this.#waits;
  }

  /** True while one version makes room for another: it will be there again in a moment. */
  get replacing(): boolean {
    return this.#versions.replacing;
  }

  /** What discovery saw of a module that has not been read since. */
  describe(manifest: Manifest): void {
    this.#admission.describe(manifest);
  }

  /** Says why the module was not even tried. */
  explain(reason: Reason): void {
    if (this.state === "discovered") this.#status.reason = reason;
  }

  /** Its files changed: a start that comes by itself reads them again. */
  touch(): void {
    this.#stale = true;
  }

  /** Refuses the module without reading it: discovery found the fault. */
  reject(error: CommonsError): Promise<void> {
    return this.#operate(() => {
      const { reason } = this;
      const known = this.state === "rejected" && reason?.code === error.code &&
        reason.message === error.message;
      if (!known && this.#status.can("reject")) this.#refuse(error);
    });
  }

  /**
   * A `patient` load that fails because of another module waits for that one to run.
   * @throws {CommonsError} `MODULE_ALREADY_LOADED`, `MODULE_REJECTED`, `NEEDS_APPROVAL`, `START_FAILED`
   */
  load(options: { readonly patient?: boolean } = {}): Promise<void> {
    return this.#operate(() => {
      if (this.state !== "running") return this.#loadAfresh(options);
      throw new CommonsError("MODULE_ALREADY_LOADED", `Cannot load module ${this.name}: it is running`);
    });
  }

  /** Gives up a start that is under way, and waiting for another module. @throws {CommonsError} `MODULE_NOT_RUNNING` */
  unload(): Promise<void> {
    const interrupted = this.#life.interrupt();
    return this.#operate(async () => {
      const waited = this.#waits;
      this.#waits = false;
      if (waited && this.state === "stopped") this.#status.reason = undefined;
      if (await this.#life.halt("gone") || waited || interrupted) return;
      throw notRunning("unload", this);
    });
  }

  /**
   * Reads and checks the module again and puts it in the place of what runs. What runs goes on untouched when the new
   * version is refused, and is started again, from the bytes that were checked, when the new version does not start.
   * A module that does not run is loaded. With `changed`, a module that is what it was is left alone.
   */
  reload(options: { readonly changed?: boolean } = {}): Promise<void> {
    return this.#operate(async () => {
      if (this.state !== "running" && this.state !== "backoff") return await this.#loadAfresh();
      this.#refuseWhenClosing();
      this.#stale = false;
      const next = await this.#versions.examine();
      if (options.changed && this.#admission.isSame(next.prepared)) return;
      await this.#versions.replace(next);
    });
  }

  /**
   * Agrees to what the module asks for, as it was last read, and starts it when only that was missing.
   * A start that fails does not undo the approval: the state says what became of it.
   */
  approve(): Promise<void> {
    return this.#operate(async () => {
      this.#refuseWhenClosing();
      const { pending, prepared } = this.#admission;
      const wanted = pending?.prepared ?? prepared ?? await this.#prepare();
      await this.#admission.approve(wanted);
      if (pending && (this.state === "running" || this.state === "backoff")) {
        await this.#quietly(async () =>
          this.#versions.replace(await this.#admission.admit(pending.prepared))
        );
      } else if (this.state === "needs_approval") {
        await this.#quietly(() => this.#loadAfresh({ patient: true }));
      }
    });
  }

  /** Takes the operator's approval back; a module that needs it is stopped. */
  revoke(): Promise<void> {
    if (this.#admission.needed.length > 0) this.#life.interrupt();
    return this.#operate(async () => {
      const missing = await this.#admission.revoke();
      if (missing.length === 0) return;
      this.#waits = false;
      this.#life.run?.cutOff();
      const stopped = await this.#life.halt("lack_grants");
      if (!stopped && this.state !== "rejected") this.#status.move("lack_grants");
      if (this.state === "needs_approval") this.#status.reason = lacking(missing);
    });
  }

  /** Stops it because of what it needs, until {@linkcode resume}. `why` is asked when its turn comes. */
  suspend(why: () => CommonsError | undefined): Promise<void> {
    return this.#operate(async () => {
      const fault = this.#life.closing ? undefined : why();
      if (fault && (this.state === "running" || this.state === "backoff")) await this.#suspend(fault);
    });
  }

  /** Starts it again after {@linkcode suspend}, from the bytes that were checked; or tries a patient load again. */
  resume(): Promise<void> {
    return this.#operate(async () => {
      const { manifest, prepared } = this.#admission;
      if (!this.#waits || this.#life.closing) return;
      if (this.state === "rejected" || this.#stale || !prepared) {
        if (this.#status.can("load")) await this.#quietly(() => this.#loadAfresh({ patient: true }));
      } else if (this.state === "stopped" && manifest && !this.#components.dependencyFault(manifest)) {
        this.#waits = false;
        this.#status.reason = undefined;
        this.#status.move("load");
        await this.#quietly(() => this.#versions.start(this.#life.interrupts));
      }
    });
  }

  /** Stops for good: no start and no restart comes after it. Resolves when the process is gone. */
  async shutDown(): Promise<void> {
    this.#life.close();
    this.#life.interrupt();
    await this.#mutex.run(() => this.#life.halt("gone"));
  }

  /** Ends the process without asking. */
  kill(detail: string): void {
    this.#life.run?.kill(detail);
  }

  /** @throws {CommonsError} `MODULE_NOT_RUNNING`, and as the cell does */
  invoke(invocation: Invocation, deadlineMs: number): Promise<unknown> {
    const { run } = this.#life;
    if (this.state === "running" && run) return run.invoke(invocation, deadlineMs);
    return Promise.reject(notRunning("ask", this));
  }

  /** What the module says of itself; counts only while it runs. */
  reportHealth(health: Health, message: string | undefined): void {
    if (message !== undefined) this.log.write("info", `health ${health}: ${message}`);
    if (this.state === "running") this.#status.setHealth(health);
  }

  view(): ModuleView {
    return viewOf({
      name: this.name,
      status: this.#status,
      admission: this.#admission,
      run: this.#life.run,
      audit: this.audit,
      history: this.#life.history,
      memoryLimit: this.#components.limits.memoryBytes,
    });
  }

  /** One operation at a time; whoever depends on the module looks at it afterwards. */
  #operate(work: () => void | Promise<void>): Promise<void> {
    return this.#mutex.run(async () => {
      try {
        await work();
      } finally {
        this.#components.onSettled(this.name);
      }
    });
  }

  async #loadAfresh({ patient = false }: { readonly patient?: boolean } = {}): Promise<void> {
    this.#refuseWhenClosing();
    this.#life.reset();
    this.#waits = false;
    this.#stale = false;
    this.#status.reason = undefined;
    this.#status.setHealth("unknown");
    const { interrupts } = this.#life;
    this.#status.move("load");
    try {
      const prepared = await this.#prepare();
      await this.#checkGrants(prepared);
    } catch (error) {
      this.#waits = patient && isPassingFault(error);
      throw error;
    }
    await this.#versions.start(interrupts);
  }

  async #prepare(): Promise<PreparedModule> {
    try {
      return await this.#admission.prepare();
    } catch (error) {
      throw this.#rejected(error);
    }
  }

  async #checkGrants(prepared: PreparedModule): Promise<void> {
    let missing: readonly string[];
    try {
      ({ missing } = await this.#admission.decide(prepared));
    } catch (error) {
      throw this.#rejected(error);
    }
    if (missing.length === 0) return;
    this.#status.reason = lacking(missing);
    this.#status.move("lack_grants");
    throw needsApproval(this.name, missing);
  }

  /** The very bytes that were checked are started again; nothing is read. Never rejects. */
  #restart(): Promise<void> {
    return this.#operate(async () => {
      const { prepared } = this.#admission;
      if (this.state !== "backoff" || this.#life.closing || !prepared) return;
      const fault = this.#components.dependencyFault(prepared.manifest);
      if (fault) return await this.#suspend(fault);
      this.#life.history.restarts++;
      this.#status.move("load");
      await this.#quietly(() => this.#versions.start(this.#life.interrupts));
    });
  }

  async #suspend({ code, message }: CommonsError): Promise<void> {
    this.log.note("warn", "the module stops until what it needs runs again", { code, message });
    await this.#life.halt("gone");
    this.#waits = true;
    this.#status.reason = { code, message };
  }

  #rejected(cause: unknown): CommonsError {
    const { error, refusal } = rejection(this.name, cause);
    this.#refuse(refusal);
    return error;
  }

  #refuse({ code, message }: CommonsError): void {
    this.#status.reason = { code, message };
    this.log.note("error", "the module was refused", { code, message });
    this.#status.move("reject");
  }

  /** For work whose refusal the state tells; only a fault of the node itself is news. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => {
      if (isCommonsError(error) && error.code !== "INTERNAL") return;
      this.log.note("error", "the node failed to start the module", { error: errorText(error) });
    });
  }

  #refuseWhenClosing(): void {
    if (this.#life.closing) throw notRunning("start", this, "the node is stopping");
  }
}
