import type { Metrics } from "../telemetry/mod.ts";
import type { NodeFacts } from "./types.ts";

/** Shows the node itself: who it is, since when it runs, what its process holds. */
export function exposeNode(
  metrics: Metrics,
  node: Pick<NodeFacts, "version" | "network" | "startedAt">,
): void {
  const { version, network, startedAt } = node;
  metrics.collect(
    { name: "commons_node_info", help: "1, with what the node is.", labels: ["version", "network"] },
    () => [[1, { version, network }]],
  );
  metrics.collect(
    { name: "commons_node_start_time_seconds", help: "Unix time at which the node was started." },
    () => [[startedAt / 1000]],
  );
  metrics.collect(
    {
      name: "commons_node_memory_bytes",
      help: "Memory of the node's process, cells aside.",
      labels: ["kind"],
    },
    () => {
      const { rss, heapTotal, heapUsed, external } = Deno.memoryUsage();
      return [
        [rss, { kind: "resident" }],
        [heapTotal, { kind: "heap" }],
        [heapUsed, { kind: "heap_used" }],
        [external, { kind: "external" }],
      ];
    },
  );
}
