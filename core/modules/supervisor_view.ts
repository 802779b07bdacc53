import type { AuditTrail } from "./audit.ts";
import type { CellExit } from "./cell_types.ts";
import type { ModuleAdmission } from "./supervisor_admission.ts";
import type { ModuleRun } from "./supervisor_run.ts";
import type { ModuleStatus } from "./supervisor_status.ts";
import type { ModuleView } from "./types.ts";

/** What is left of the runs of a module that are over. */
export class RunHistory {
  /** Restarts after crashes. */
  restarts = 0;
  #lastExit: CellExit | undefined;
  #events = { delivered: 0, dropped: 0 };

  get lastExit(): CellExit | undefined {
    return this.#lastExit;
  }

  get events(): { readonly delivered: number; readonly dropped: number } {
    return this.#events;
  }

  remember(run: ModuleRun, exit: CellExit | undefined): void {
    const { delivered, dropped } = this.#events;
    this.#events = {
      delivered: delivered + (run.stats?.eventsDelivered ?? 0),
      dropped: dropped + run.eventsDropped,
    };
    this.#lastExit = exit ?? this.#lastExit;
  }
}

/** Everything that a view is made of. */
export interface ViewParts {
  readonly name: string;
  readonly status: ModuleStatus;
  readonly admission: ModuleAdmission;
  readonly run: ModuleRun | undefined;
  readonly audit: AuditTrail;
  readonly history: RunHistory;
  /** Of a module that has not been read yet. */
  readonly memoryLimit: number;
}

/** One module as the outside sees it. */
export function viewOf(parts: ViewParts): ModuleView {
  const { status, run } = parts;
  const { restarts, lastExit, events } = parts.history;
  const { manifest, prepared, signature, grants, pending } = parts.admission;
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
    signature: { state: signature.state, signers: signature.signers },
    capabilities: {
      requested: manifest?.capabilities ?? [],
      granted: grants.granted,
      missing: pending?.grants.missing ?? grants.missing,
    },
    pid: run?.pid ?? null,
    uptimeMs: status.state === "running" ? Math.round(run?.uptimeMs ?? 0) : 0,
    restarts,
    memory: {
      rssBytes: stats?.rssBytes ?? 0,
      limitBytes: prepared?.limits.memoryBytes ?? parts.memoryLimit,
    },
    cpuPercent: stats?.cpuPercent ?? 0,
    events: {
      delivered: events.delivered + (stats?.eventsDelivered ?? 0),
      dropped: events.dropped + (run?.eventsDropped ?? 0),
    },
    calls: { total, denied, failed: failed + limited },
    lastExit: lastExit === undefined ? null : {
      reason: lastExit.reason,
      detail: lastExit.detail,
      at: new Date(lastExit.at).toISOString(),
    },
  };
}
