import type { Metrics } from "../../telemetry/mod.ts";

/** Shows how long calls take, by method; to be told of each one. */
export function rpcTimes(metrics: Metrics): (method: string, ms: number) => void {
  const histogram = metrics.histogram({
    name: "commons_http_rpc_ms",
    help:
      "Milliseconds that a JSON-RPC call took, by method; those of modules and unknown ones have one label each.",
    labels: ["method"],
    buckets: [0.1, 0.5, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000],
  });
  return (method, ms) => histogram.observe(ms, { method });
}
