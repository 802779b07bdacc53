import type { Metrics } from "../telemetry/mod.ts";
import type { ChainStats } from "./types.ts";

/** Numbers that are asked for at each scrape. */
export interface ChainMetricsSource {
  height(): number;
  stats(): ChainStats;
  /** Refused headers by code. */
  refused(): ReadonlyMap<string, number>;
}

/** Registers the chain's metrics. */
export function exposeChainMetrics(metrics: Metrics, source: ChainMetricsSource): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.collect({ name: `commons_chain_${name}`, help }, () => [[read()]]);
  gauge("height", "Height of the best chain.", () => source.height());
  gauge("headers", "Headers that are stored.", () => source.stats().headers);
  gauge("stale_headers", "Headers that are stored and not on the best chain.", () => source.stats().stale);
  gauge("orphan_headers", "Headers that wait for their parent.", () => source.stats().orphans);
  gauge("memory_bytes", "Memory of headers and their indexes.", () => source.stats().bytes);
  metrics.collect(
    { name: "commons_chain_reorgs_total", help: "Times that blocks left the best chain.", kind: "counter" },
    () => [[source.stats().reorgs]],
  );
  metrics.collect({
    name: "commons_chain_headers_refused_total",
    help: "Headers that were refused.",
    labels: ["code"],
    kind: "counter",
  }, () => [...source.refused()].map(([code, count]) => [count, { code }] as const));
}
