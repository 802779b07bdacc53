import type { Clock } from "../base/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import type { TopicName } from "./types.ts";
import type { Verdict } from "./verdict.ts";

/** Code of accepted messages in the metrics. */
const OK = "OK";
/** One check in as many is timed: asking the clock twice costs more than checking some messages. */
const TIMED_EVERY = 16;

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
  /** Copies of the node's own messages that were handed to peers, and their bytes. */
  sent = 0;
  sentBytes = 0;
  receivedBytes = 0;
  /** Copies of messages that were there already, recognised by their id. */
  duplicates = 0;
  /** Own messages held back because others look at no more. */
  suppressed = 0;
  /** Told how long a check took; see {@linkcode began}. */
  onTimed: (ms: number) => void = () => {};
  #checks = 0;
  readonly #accepted: ResultCount = { result: "accept", code: OK, count: 0 };
  readonly #refused = new Map<string, ResultCount>();

  constructor(topic: TopicName) {
    this.topic = topic;
  }

  /** Begins a check at `now`: the time to hand to {@linkcode ended}. Every sixteenth is timed, and the first. */
  began(clock: Pick<Clock, "monotonic">): number {
    return this.#checks++ % TIMED_EVERY === 0 ? clock.monotonic() : NaN;
  }

  ended(began: number, clock: Pick<Clock, "monotonic">): void {
    if (!Number.isNaN(began)) this.onTimed(clock.monotonic() - began);
  }

  /** Counts one of the node's own messages that `peers` took over. */
  handedTo(peers: number, size: number): void {
    this.sent += peers;
    this.sentBytes += peers * size;
  }

  /** Counts a copy of a message that had come before. */
  duplicate(): void {
    this.duplicates++;
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

const NUMBERS = [
  ["received_bytes", "Bytes of gossip messages received", "receivedBytes"],
  ["published", "Gossip messages that this node published", "published"],
  ["sent", "Copies of this node's own messages handed to peers", "sent"],
  ["sent_bytes", "Bytes of this node's own messages handed to peers", "sentBytes"],
  ["duplicates", "Copies of gossip messages that had come before, recognised by their id", "duplicates"],
  ["suppressed", "Own messages held back because others look at no more of one node", "suppressed"],
] as const;

/** Shows the counts of all topics in the node's metrics. */
export function exposeCounters(metrics: Metrics, topics: readonly TopicCounters[]): void {
  metrics.collect(
    {
      name: "commons_p2p_messages_total",
      help: "Gossip messages received, by topic, validation result and code",
      labels: ["topic", "result", "code"],
      kind: "counter",
    },
    () =>
      topics.flatMap((counters) =>
        counters.results().map(({ result, code, count }) =>
          [count, { topic: counters.topic, result, code }] as const
        )
      ),
  );
  for (const [name, help, field] of NUMBERS) {
    metrics.collect(
      { name: `commons_p2p_${name}_total`, help: `${help}, by topic`, labels: ["topic"], kind: "counter" },
      () => topics.map((counters) => [counters[field], { topic: counters.topic }] as const),
    );
  }
  timeChecks(metrics, topics);
}

function timeChecks(metrics: Metrics, topics: readonly TopicCounters[]): void {
  const histogram = metrics.histogram({
    name: "commons_p2p_check_ms",
    help: "Milliseconds that the check of a gossip message took, by topic; every sixteenth message is timed",
    labels: ["topic"],
    buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50],
  });
  for (const counters of topics) {
    const labels = { topic: counters.topic }; // made once, so that timing costs no allocation
    counters.onTimed = (ms) => histogram.observe(ms, labels);
  }
}
