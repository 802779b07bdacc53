import { CommonsError, errorText, isCommonsError, type ModuleName, type Timer } from "../base/mod.ts";
import { AuditTrail } from "./audit.ts";
import type { CellExit, Invocation } from "./cell_types.ts";
import type { Manifest } from "./manifest_types.ts";
import { isCrash } from "./lifecycle.ts";
import { ModuleLog } from "./module_log.ts";
import { RestartPolicy } from "./restart.ts";
import { Mutex } from "./supervisor_mutex.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";
import type { ModuleRun } from "./supervisor_run.ts";
import { ModuleAdmission } from "./supervisor_admission.ts";
import {
  lacking,
  needsApproval,
  notRunning,
  rejection,
  startFailed,
  startGivenUp,
} from "./supervisor_faults.ts";
import { type Health, ModuleStatus, type Reason } from "./supervisor_status.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";
import { RunHistory, viewOf } from "./supervisor_view.ts";
import type { ModuleState, ModuleView } from "./types.ts";

/**
 * One module's life. Operations (load, unload, reload, approve, revoke, restart) run one after the other; a cell that
 * dies is dealt with at once. What may follow what is the table in `lifecycle.ts`.
 */
export class Supervisor {
  readonly name: ModuleName;
  readonly audit: AuditTrail;
  readonly log: ModuleLog;
  readonly #components: SupervisorComponents;
  readonly #mutex = new Mutex();
  readonly #policy: RestartPolicy;
  readonly #status: ModuleStatus;
  readonly #admission: ModuleAdmission;
  readonly #history = new RunHistory();
  #run: ModuleRun | undefined;
  #loadedAt = 0;
  #retry: Timer | undefined;
  /** Counts the reasons to give up a start under way; a start that sees it change gives up. */
  #interrupts = 0;
  #closing = false;

  constructor(components: SupervisorComponents, name: ModuleName) {
    const { clock, random, logger, events } = components;
    this.name = name;
    this.#components = components;
    this.#status = new ModuleStatus(name, events);
    this.#admission = new ModuleAdmission(components, name);
    this.audit = new AuditTrail(clock);
    this.log = new ModuleLog({ clock, logger: logger.child(`module:${name}`) });
    this.#policy = new RestartPolicy({ clock, random });
  }

  get state(): ModuleState {
    return this.#status.state;
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
    if (this.state !== "running" || !this.#run) return undefined;
    return { id: this.#run.init.instanceId, version: this.#run.init.version, at: this.#loadedAt };
  }

  /** What discovery saw of a module that has not been read since. */
  describe(manifest: Manifest): void {
    this.#admission.describe(manifest);
  }

  /** Says why the module was not even tried. */
  explain(reason: Reason): void {
    if (this.state === "discovered") this.#status.reason = reason;
  }

  /** Refuses the module without reading it: discovery or ordering found the fault. */
  reject(error: CommonsError): Promise<void> {
    return this.#mutex.run(() => this.#status.can("reject") ? this.#refuse(error) : undefined);
  }

  /** @throws {CommonsError} `MODULE_ALREADY_LOADED`, `MODULE_REJECTED`, `NEEDS_APPROVAL`, `START_FAILED` */
  load(): Promise<void> {
    return this.#mutex.run(() => {
      if (this.state !== "running") return this.#loadAfresh();
      throw new CommonsError("MODULE_ALREADY_LOADED", `Cannot load module ${this.name}: it is running`);
    });
  }

  /** Gives up a start that is under way, too. @throws {CommonsError} `MODULE_NOT_RUNNING` */
  unload(): Promise<void> {
    const interrupted = this.#interrupt();
    return this.#mutex.run(async () => {
      if (await this.#halt("gone") || interrupted) return;
      throw notRunning("unload", this);
    });
  }

  /** Stops it when it runs, then loads it as {@linkcode load} does. */
  reload(): Promise<void> {
    return this.#mutex.run(async () => {
      const before = this.#run?.init.version;
      await this.#halt("gone");
      await this.#loadAfresh();
      const after = this.running?.version;
      if (before !== undefined && after !== undefined) this.#status.announceReloaded(before, after);
    });
  }

  /**
   * Agrees to what the module asks for, as it was last read, and starts it when only that was missing.
   * A start that fails does not undo the approval: the state says what became of it.
   */
  approve(): Promise<void> {
    return this.#mutex.run(async () => {
      this.#refuseWhenClosing();
      await this.#admission.approve(this.#admission.prepared ?? await this.#prepare());
      if (this.state !== "needs_approval") return;
      await this.#quietly(() => this.#loadAfresh());
    });
  }

  /** Takes the operator's approval back; a module that needs it is stopped. */
  revoke(): Promise<void> {
    if (this.#admission.needed.length > 0) this.#interrupt();
    return this.#mutex.run(async () => {
      const missing = await this.#admission.revoke();
      if (missing.length === 0) return;
      this.#run?.cutOff();
      const stopped = await this.#halt("lack_grants");
      if (!stopped && this.state !== "rejected") this.#status.move("lack_grants");
      if (this.state === "needs_approval") this.#status.reason = lacking(missing);
    });
  }

  /** Stops for good: no start and no restart comes after it. Resolves when the process is gone. */
  async shutDown(): Promise<void> {
    this.#closing = true;
    this.#interrupt();
    await this.#mutex.run(() => this.#halt("gone"));
  }

  /** Ends the process without asking. */
  kill(detail: string): void {
    this.#run?.kill(detail);
  }

  /** @throws {CommonsError} `MODULE_NOT_RUNNING`, and as the cell does */
  invoke(invocation: Invocation, deadlineMs: number): Promise<unknown> {
    if (this.state === "running" && this.#run) return this.#run.invoke(invocation, deadlineMs);
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
      run: this.#run,
      audit: this.audit,
      history: this.#history,
      memoryLimit: this.#components.limits.memoryBytes,
    });
  }

  async #loadAfresh(): Promise<void> {
    this.#refuseWhenClosing();
    this.#cancelRetry();
    this.#policy.reset();
    this.#status.reason = undefined;
    this.#status.setHealth("unknown");
    const interrupts = this.#interrupts;
    this.#status.move("load");
    const prepared = await this.#prepare();
    await this.#checkGrants(prepared);
    this.#components.onPrepared(prepared);
    await this.#startCell(prepared, interrupts);
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

  /** The state is `starting`. @throws {CommonsError} `START_FAILED` */
  async #startCell(prepared: PreparedModule, interrupts: number): Promise<void> {
    if (this.#interrupts !== interrupts) throw this.#givenUp();
    const { granted } = this.#admission.grants;
    const run = this.#components.openRun(prepared, { granted, audit: this.audit, log: this.log });
    this.#run = run;
    const exit = await run.start();
    if (exit === undefined && this.#interrupts === interrupts) return this.#started(run);
    const ended = exit ?? await run.stop();
    this.#forget(run, ended);
    if (this.#interrupts !== interrupts || ended === undefined) throw this.#givenUp();
    if (isCrash(ended.reason)) this.#crashed(ended, 0);
    else this.#status.move("gone");
    throw startFailed(this.name, ended);
  }

  #started(run: ModuleRun): void {
    this.#status.reason = undefined;
    this.#loadedAt = this.#components.clock.now();
    this.#status.move("started");
    this.#status.setHealth("healthy");
    this.log.note("info", "the module runs", { version: run.init.version });
    this.#status.announceLoaded(run.init);
    run.watch((exit) => this.#exited(run, exit));
  }

  /** A cell that ends while an operation stops it is that operation's affair. */
  #exited(run: ModuleRun, exit: CellExit): void {
    if (this.#run !== run || this.state !== "running") return;
    const { uptimeMs } = run;
    this.#forget(run, exit);
    if (isCrash(exit.reason)) {
      this.#crashed(exit, uptimeMs);
      this.#status.announceUnloaded(run.init);
    } else {
      this.#status.move("gone");
      this.#status.announceStopped(run.init);
    }
  }

  #crashed(exit: CellExit, ranMs: number): void {
    const { reason, detail } = exit;
    const decision = this.#policy.crashed(ranMs);
    this.#status.reason = { code: reason.toUpperCase(), message: detail };
    this.log.note("error", "the module ended", { reason, detail });
    this.#status.announceCrashed(exit);
    this.#status.move(decision.restart ? "crash" : "give_up");
    this.#status.setHealth("unhealthy");
    if (!decision.restart || this.#closing) return;
    this.#retry = this.#components.clock.after(decision.delayMs, () => void this.#restart());
  }

  /** The very bytes that were checked are started again; nothing is read. Never rejects. */
  #restart(): Promise<void> {
    return this.#mutex.run(async () => {
      const { prepared } = this.#admission;
      if (this.state !== "backoff" || this.#closing || !prepared) return;
      this.#retry = undefined;
      this.#history.restarts++;
      this.#status.move("load");
      await this.#quietly(() => this.#startCell(prepared, this.#interrupts));
    });
  }

  /** Ends what runs or waits to run; false when there was nothing to end. */
  async #halt(input: "gone" | "lack_grants"): Promise<boolean> {
    this.#cancelRetry();
    const run = this.#run;
    if (this.state === "running" && run) {
      this.#status.move("stop");
      this.#forget(run, await run.stop());
      this.#status.move(input);
      this.#status.announceStopped(run.init);
      return true;
    }
    if (this.state !== "backoff" && this.state !== "failed") return false;
    this.#status.move(input === "gone" ? "stop" : input);
    this.#status.reason = undefined;
    this.#status.setHealth("unknown");
    return true;
  }

  /** The run is over: nothing that it registered stays. */
  #forget(run: ModuleRun, exit: CellExit | undefined): void {
    run.cutOff();
    this.#components.release(this.name);
    this.#history.remember(run, exit);
    this.#run = undefined;
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

  #givenUp(): CommonsError {
    this.#status.move("stop");
    this.#status.move("gone");
    return startGivenUp(this.name);
  }

  /** For work whose refusal the state tells; only a fault of the node itself is news. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => {
      if (isCommonsError(error) && error.code !== "INTERNAL") return;
      this.log.note("error", "the node failed to start the module", { error: errorText(error) });
    });
  }

  /** True when a start was under way. */
  #interrupt(): boolean {
    if (this.state !== "starting") return false;
    this.#interrupts++;
    this.#run?.interrupt();
    return true;
  }

  #cancelRetry(): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
  }

  #refuseWhenClosing(): void {
    if (this.#closing) throw notRunning("start", this, "the node is stopping");
  }
}
