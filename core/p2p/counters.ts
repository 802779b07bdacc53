import type { Metrics } from "../telemetry/mod.ts";
import type { TopicName } from "./types.ts";
import type { Verdict } from "./verdict.ts";

/** Code of accepted messages in the metrics. */
const OK = "OK";

interface ResultCount {
  readonly result: Verdict["result"];
  readonly code: string;
  count: number;
}

/**
 * Counts of one topic. Plain numbers, read at each scrape: counting a message must not cost a labelled metric look-up.
 * The codes are the codecs' own words, so there are few of them.
 */
export class TopicCounters {
  readonly topic: TopicName;
  published = 0;
  receivedBytes = 0;
  readonly #accepted: ResultCount = { result: "accept", code: OK, count: 0 };
  readonly #refused = new Map<string, ResultCount>();

  constructor(topic: TopicName) {
    this.topic = topic;
  }

  /** Counts a verdict about a received message of `size` bytes. */
  add(verdict: Verdict, size: number): void {
    this.receivedBytes += size;
    if (verdict.result === "accept") {
      this.#accepted.count++;
      return;
    }
    const { result, code } = verdict;
    const known = this.#refused.get(`${result} ${code}`);
    if (known === undefined) this.#refused.set(`${result} ${code}`, { result, code, count: 1 });
    else known.count++;
  }

  total(result: Verdict["result"]): number {
    return this.results().reduce((sum, entry) => entry.result === result ? sum + entry.count : sum, 0);
  }

  results(): readonly Readonly<ResultCount>[] {
    return [this.#accepted, ...this.#refused.values()];
  }
}

/** Shows the counts of all topics in the node's metrics. */
export function exposeCounters(metrics: Metrics, topics: readonly TopicCounters[]): void {
  metrics.collect(
    {
      name: "commons_p2p_messages_total",
      help: "Gossip messages received, by topic, validation result and code",
      labels: ["topic", "result", "code"],
    },
    () =>
      topics.flatMap((counters) =>
        counters.results().map(({ result, code, count }) =>
          [count, { topic: counters.topic, result, code }] as const
        )
      ),
  );
  metrics.collect(
    {
      name: "commons_p2p_received_bytes_total",
      help: "Bytes of gossip messages received, by topic",
      labels: ["topic"],
    },
    () => topics.map((counters) => [counters.receivedBytes, { topic: counters.topic }] as const),
  );
  metrics.collect(
    {
      name: "commons_p2p_published_total",
      help: "Gossip messages that this node published, by topic",
      labels: ["topic"],
    },
    () => topics.map((counters) => [counters.published, { topic: counters.topic }] as const),
  );
}
