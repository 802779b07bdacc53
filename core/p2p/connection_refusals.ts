import type { Clock } from "../base/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { PendingHandshakes } from "./pending_handshakes.ts";
import { RefusalLog } from "./refusal_log.ts";

/** Logs and counts the connections that the node's own limits refuse. The reasons are its own words, so there are few. */
export class ConnectionRefusals {
  readonly #metrics: Metrics;
  readonly #log: RefusalLog;
  readonly #counts = new Map<string, number>();

  constructor(
    { metrics, ...log }: { readonly clock: Clock; readonly logger: Logger; readonly metrics: Metrics },
  ) {
    this.#metrics = metrics;
    this.#log = new RefusalLog(log);
    metrics.collect(
      {
        name: "commons_p2p_connections_refused_total",
        help: "Connections that the node's own limits refused or ended, by reason",
        labels: ["reason"],
        kind: "counter",
      },
      () => [...this.#counts].map(([reason, count]) => [count, { reason }]),
    );
  }

  /** Notes one; always true, for a gater to answer. */
  add(reason: string, address: { toString(): string }): true {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#log.ready()) this.#log.write("connection refused", { reason, target: address.toString() });
    return true;
  }

  /** Shows how many handshakes are under way. */
  show(handshakes: Pick<PendingHandshakes, "size">): void {
    this.#metrics.collect(
      { name: "commons_p2p_pending_handshakes", help: "Handshakes that others began and have not finished" },
      () => [[handshakes.size]],
    );
  }
}
