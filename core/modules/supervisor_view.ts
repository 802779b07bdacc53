import type { AuditTrail } from "./audit.ts";
import type { CellExit } from "./cell_types.ts";
import type { ModuleAdmission } from "./supervisor_admission.ts";
import type { ModuleRun } from "./supervisor_run.ts";
import type { ModuleStatus } from "./supervisor_status.ts";
import type { ModuleView } from "./types.ts";

/** Everything that a view is made of. */
export interface ViewParts {
  readonly name: string;
  readonly status: ModuleStatus;
  readonly admission: ModuleAdmission;
  readonly run: ModuleRun | undefined;
  readonly audit: AuditTrail;
  /** Of earlier runs. */
  readonly pastEvents: { readonly delivered: number; readonly dropped: number };
  readonly restarts: number;
  readonly lastExit: CellExit | undefined;
  /** Of a module that has not been read yet. */
  readonly memoryLimit: number;
}

/** One module as the outside sees it. */
export function viewOf(parts: ViewParts): ModuleView {
  const { status, run, lastExit, pastEvents } = parts;
  const { manifest, prepared, grants } = parts.admission;
  const stats = run?.stats;
  const { total, denied, limited, failed } = parts.audit.counts;
  return {
    name: parts.name,
    version: manifest?.version ?? "",
    description: manifest?.description ?? "",
    state: status.state,
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    health: status.health,
    hash: prepared?.hash ?? "",
    signature: prepared?.signature ??
      { state: manifest?.signatures ? "unverified" : "unsigned", signers: [] },
    capabilities: { requested: manifest?.capabilities ?? [], ...grants },
    pid: run?.pid ?? null,
    uptimeMs: status.state === "running" ? Math.round(run?.uptimeMs ?? 0) : 0,
    restarts: parts.restarts,
    memory: {
      rssBytes: stats?.rssBytes ?? 0,
      limitBytes: prepared?.limits.memoryBytes ?? parts.memoryLimit,
    },
    cpuPercent: stats?.cpuPercent ?? 0,
    events: {
      delivered: pastEvents.delivered + (stats?.eventsDelivered ?? 0),
      dropped: pastEvents.dropped + (run?.eventsDropped ?? 0),
    },
    calls: { total, denied, failed: failed + limited },
    lastExit: lastExit === undefined ? null : {
      reason: lastExit.reason,
      detail: lastExit.detail,
      at: new Date(lastExit.at).toISOString(),
    },
  };
}
