import type { ModuleName, Timer } from "../base/mod.ts";
import type { AuditTrail } from "./audit.ts";
import type { CellExit } from "./cell_types.ts";
import { isCrash } from "./lifecycle.ts";
import { configSecretsOf } from "./module_config.ts";
import type { ModuleLog } from "./module_log.ts";
import { RestartPolicy } from "./restart.ts";
import type { Launch } from "./supervisor_admission.ts";
import type { ModuleRun } from "./supervisor_run.ts";
import type { ModuleStatus } from "./supervisor_status.ts";
import { StrainWatch } from "./supervisor_strain.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";
import { RunHistory } from "./supervisor_view.ts";

/** What the cells of one module belong to. */
export interface LifeParts {
  readonly name: ModuleName;
  readonly status: ModuleStatus;
  readonly audit: AuditTrail;
  readonly log: ModuleLog;
  /** It is time to start the module again after a crash. */
  readonly onRetry: () => void;
  /** The cell ended, unasked. */
  readonly onExit: () => void;
}

export type StartOutcome =
  | { readonly kind: "running" }
  /** Somebody wants it stopped, or the node stops. */
  | { readonly kind: "given_up" }
  /** The state is still `starting`: whoever started it says what follows. */
  | { readonly kind: "ended"; readonly exit: CellExit };

/**
 * The cells of one module, one at a time: starts one, hears of its end, plans the restart after a crash, stops it. Its
 * owner starts and stops one thing after the other; an exit is dealt with at once.
 */
export class ModuleLife {
  readonly history = new RunHistory();
  readonly #components: SupervisorComponents;
  readonly #parts: LifeParts;
  readonly #policy: RestartPolicy;
  #run: ModuleRun | undefined;
  #startedAt = 0;
  #strain: StrainWatch | undefined;
  #retry: Timer | undefined;
  #interrupts = 0;
  #closing = false;

  constructor(components: SupervisorComponents, parts: LifeParts) {
    const { clock, random } = components;
    this.#components = components;
    this.#parts = parts;
    this.#policy = new RestartPolicy({ clock, random });
  }

  get run(): ModuleRun | undefined {
    return this.#run;
  }

  /** Unix milliseconds of the last start. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** Counts the reasons to give up a start under way; a start that sees it change gives up. */
  get interrupts(): number {
    return this.#interrupts;
  }

  /** From here on nothing is started any more. */
  get closing(): boolean {
    return this.#closing;
  }

  close(): void {
    this.#closing = true;
  }

  /** Forgets earlier crashes, and a restart that is planned. */
  reset(): void {
    this.#cancelRetry();
    this.#policy.reset();
  }

  /** The state is `starting`; `interrupts` is as it was when the wish to start came. Never rejects. */
  async start({ prepared, grants }: Launch, interrupts: number): Promise<StartOutcome> {
    const { audit, log } = this.#parts;
    const unwanted = () => this.#interrupts !== interrupts || this.#closing;
    if (unwanted()) return this.#giveUp();
    log.hide(configSecretsOf(prepared.config));
    const run = this.#components.openRun(prepared, { granted: grants.granted, audit, log });
    this.#run = run;
    const exit = this.#clean(await run.start());
    if (exit === undefined && !unwanted()) return this.#started(run, { prepared, grants });
    const ended = exit ?? this.#clean(await run.stop());
    this.#forget(run, ended);
    return unwanted() || ended === undefined ? this.#giveUp() : { kind: "ended", exit: ended };
  }

  /** A start ended and nothing else is tried: back off, give up, or stay stopped. */
  fail(exit: CellExit): void {
    if (isCrash(exit.reason)) this.#crashed(exit, 0);
    else this.#parts.status.move("gone");
  }

  /** Ends what runs or waits to run; false when there was nothing to end. Resolves when the process is gone. */
  async halt(input: "gone" | "lack_grants"): Promise<boolean> {
    const { status } = this.#parts;
    this.#cancelRetry();
    const run = this.#run;
    if (status.state === "running" && run) {
      status.move("stop");
      this.#forget(run, this.#clean(await run.stop()));
      status.move(input);
      status.announceStopped(run.init);
      return true;
    }
    if (status.state !== "backoff" && status.state !== "failed") return false;
    status.move(input === "gone" ? "stop" : input);
    status.reason = undefined;
    status.setHealth("unknown");
    return true;
  }

  /** True when a start was under way: it gives up. */
  interrupt(): boolean {
    if (this.#parts.status.state !== "starting") return false;
    this.#interrupts++;
    this.#run?.interrupt();
    return true;
  }

  #started(run: ModuleRun, launch: Launch): StartOutcome {
    const { status, log } = this.#parts;
    status.reason = undefined;
    this.#startedAt = this.#components.clock.now();
    status.move("started");
    status.setHealth("healthy");
    log.note("info", "the module runs", { version: run.init.version });
    this.#strain = this.#watchStrain(run);
    this.#components.onStarted(launch.prepared);
    status.announceLoaded(run.init);
    run.watch((exit) => this.#exited(run, this.#clean(exit)));
    return { kind: "running" };
  }

  #watchStrain(run: ModuleRun): StrainWatch {
    const { status, log } = this.#parts;
    const { clock, cpuPercent } = this.#components;
    return new StrainWatch({
      clock,
      stats: () => run.stats,
      memoryBytes: run.init.limits.memoryBytes,
      cpuPercent,
      onWarning: (warning) => {
        log.note("warn", "the module is near its limit", { ...warning });
        status.announceStrain(warning);
      },
      onChange: (strained) => status.setStrained(strained),
    });
  }

  /** What a module says last may hold what it was configured with. */
  #clean<E extends CellExit | undefined>(exit: E): E {
    return exit && { ...exit, detail: this.#parts.log.redact(exit.detail) };
  }

  #giveUp(): StartOutcome {
    this.#parts.status.move("stop");
    this.#parts.status.move("gone");
    return { kind: "given_up" };
  }

  /** A cell that ends while an operation stops it is that operation's affair. */
  #exited(run: ModuleRun, exit: CellExit): void {
    const { status } = this.#parts;
    if (this.#run !== run || status.state !== "running") return;
    const { uptimeMs } = run;
    this.#forget(run, exit);
    if (isCrash(exit.reason)) {
      this.#crashed(exit, uptimeMs);
      status.announceUnloaded(run.init);
    } else {
      status.move("gone");
      status.announceStopped(run.init);
    }
    this.#parts.onExit();
  }

  #crashed(exit: CellExit, ranMs: number): void {
    const { status, log, onRetry } = this.#parts;
    const { reason, detail } = exit;
    const decision = this.#policy.crashed(ranMs);
    status.reason = { code: reason.toUpperCase(), message: detail };
    log.note("error", "the module ended", { reason, detail });
    status.announceCrashed(exit);
    status.move(decision.restart ? "crash" : "give_up");
    status.setHealth("unhealthy");
    if (!decision.restart || this.#closing) return;
    this.#retry = this.#components.clock.after(decision.delayMs, () => {
      this.#retry = undefined;
      onRetry();
    });
  }

  /** The run is over: nothing that it registered stays. */
  #forget(run: ModuleRun, exit: CellExit | undefined): void {
    run.cutOff();
    this.#strain?.[Symbol.dispose]();
    this.#strain = undefined;
    this.#parts.status.setStrained(false);
    this.#components.release(this.#parts.name);
    this.history.remember(run, exit);
    this.#run = undefined;
  }

  #cancelRetry(): void {
    this.#retry?.[Symbol.dispose]();
    this.#retry = undefined;
  }
}
