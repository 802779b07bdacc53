import type { CommonsError } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { isCallersFault } from "./store_error.ts";

export interface CommitReporterInit {
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  /** Mutations that wait. */
  readonly pending: () => number;
}

/** Counts commits, and logs when writing starts to fail and when it works again (not every failure: they come in floods). */
export function commitReporter(
  { logger, metrics, pending }: CommitReporterInit,
): (mutations: number, error: CommonsError | undefined) => void {
  const counters = metrics && commitMetrics(metrics, pending);
  let failing: string | undefined;
  return (mutations, error) => {
    if (error) counters?.failures.inc({ code: error.code });
    else counters?.commits.inc();
    if (!error) counters?.mutations.inc({}, mutations);
    if (error && isCallersFault(error)) return;
    if (error && error.code !== failing) {
      logger?.error("store cannot write", { code: error.code, reason: error.message });
    } else if (!error && failing !== undefined) logger?.info("store writes again", { after: failing });
    failing = error?.code;
  };
}

function commitMetrics(metrics: Metrics, pending: () => number) {
  metrics.collect(
    { name: "commons_store_pending_mutations", help: "Mutations that wait for a commit" },
    () => [[pending()]],
  );
  return {
    commits: metrics.counter({ name: "commons_store_commits_total", help: "Atomic writes committed" }),
    mutations: metrics.counter({ name: "commons_store_mutations_total", help: "Mutations committed" }),
    failures: metrics.counter({
      name: "commons_store_commit_failures_total",
      help: "Atomic writes that failed",
      labels: ["code"],
    }),
  };
}
