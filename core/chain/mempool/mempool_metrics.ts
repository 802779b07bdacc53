import type { Metrics } from "../../telemetry/mod.ts";
import type { MempoolContent } from "./mempool_content.ts";

/** Numbers that are asked for at each scrape. */
export interface MempoolMetricsSource {
  readonly content: Pick<MempoolContent, "size" | "vbytes" | "feeSats">;
  skipped(): number;
  available(): boolean;
}

/** Registers the metrics of the mempool view. */
export function exposeMempoolMetrics(metrics: Metrics, source: MempoolMetricsSource): void {
  const { content } = source;
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.collect({ name: `commons_mempool_${name}`, help }, () => [[read()]]);
  gauge("transactions", "Transactions in the mempool of the attached full node.", () => content.size);
  gauge("vbytes", "Their virtual bytes.", () => content.vbytes);
  gauge("fee_sats", "Their fees in satoshis.", () => Number(content.feeSats));
  gauge("available", "1 when the view of the mempool is fresh.", () => source.available() ? 1 : 0);
  metrics.collect({
    name: "commons_mempool_events_skipped_total",
    help: "Transactions that came or went in a flood and got no event of their own.",
    kind: "counter",
  }, () => [[source.skipped()]]);
}
