import type { Metrics } from "../telemetry/mod.ts";

/** Answers by class of status. Counting is one addition; the metric is brought up to date when it is read. */
export interface RequestCounts {
  count(status: number): void;
  report(): void;
}

export function createRequestCounts(metrics: Metrics): RequestCounts {
  const counter = metrics.counter({
    name: "commons_http_requests_total",
    help: "HTTP requests by class of their status.",
    labels: ["class"],
  });
  const counts = [0, 0, 0, 0, 0, 0];
  const reported = [0, 0, 0, 0, 0, 0];
  return {
    count(status) {
      const index = (status / 100) | 0;
      counts[index] = (counts[index] ?? 0) + 1;
    },
    report() {
      for (const [index, count] of counts.entries()) {
        const news = count - (reported[index] ?? 0);
        if (news > 0) counter.inc({ class: `${index}xx` }, news);
        reported[index] = count;
      }
    },
  };
}
