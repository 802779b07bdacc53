import type { Metrics } from "../../telemetry/mod.ts";

/** Numbers that are asked for at each scrape. */
export interface BlockMetricsSource {
  /** Blocks that were asked for, by what became of it. */
  outcomes(): readonly (readonly [string, number])[];
  underWay(): number;
  cacheBytes(): number;
}

/** Registers the metrics of blocks on demand. */
export function exposeBlockMetrics(metrics: Metrics, source: BlockMetricsSource): void {
  metrics.collect({
    name: "commons_chain_blocks_total",
    help: "Blocks that were asked for: kept, fetched, absent, or failed.",
    labels: ["outcome"],
    kind: "counter",
  }, () => source.outcomes().map(([outcome, count]) => [count, { outcome }] as const));
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.collect({ name: `commons_chain_block_${name}`, help }, () => [[read()]]);
  gauge("fetches", "Blocks that sources are asked for now.", () => source.underWay());
  gauge("cache_bytes", "Memory of blocks that are kept, roughly.", () => source.cacheBytes());
}
