import type { Clock, ModuleName, Random } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { AuditTrail } from "./audit.ts";
import type { CellLimits } from "./cell_types.ts";
import type { Grants } from "./grants.ts";
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
  /** Hears of each module that passed all checks, grants included, before its cell starts. */
  onPrepared(prepared: PreparedModule): void;
  openRun(prepared: PreparedModule, options: RunOptions): ModuleRun;
  /** Drops everything that the module registered. */
  release(name: ModuleName): void;
}
