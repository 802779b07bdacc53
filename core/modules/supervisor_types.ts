import type { Clock, CommonsError, ModuleName, Random } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { AuditTrail } from "./audit.ts";
import type { CellLimits } from "./cell_types.ts";
import type { Grants } from "./grants.ts";
import type { Manifest } from "./manifest_types.ts";
import type { ModuleLog } from "./module_log.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";
import type { ModuleRun } from "./supervisor_run.ts";

/** What a new run gets from its supervisor. */
export interface RunOptions {
  readonly granted: readonly string[];
  readonly audit: AuditTrail;
  readonly log: ModuleLog;
}

export interface SupervisorComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly grants: Grants;
  /** Limits of a module that has not been read yet. */
  readonly limits: CellLimits;
  /** Reads and checks the module afresh. @throws {CommonsError} the reason of the rejection */
  prepare(name: ModuleName): Promise<PreparedModule>;
  /** Percent of one core that a module may use for half a minute before it is warned; 0 = no limit. */
  readonly cpuPercent: number;
  /** Why a module cannot run with the modules that run now. */
  dependencyFault(manifest: Manifest): CommonsError | undefined;
  /** Stops, in order, who cannot live with this version of the module. */
  beforeReplace(name: ModuleName, version: string): Promise<void>;
  /** Hears of each module whose start has succeeded. */
  onStarted(prepared: PreparedModule): void;
  /** Hears of the end of each operation and of each exit: the module may run or not run since. */
  onSettled(name: ModuleName): void;
  openRun(prepared: PreparedModule, options: RunOptions): ModuleRun;
  /** Drops everything that the module registered. */
  release(name: ModuleName): void;
}
