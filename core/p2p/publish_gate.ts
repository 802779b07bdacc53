import { CommonsError } from "../base/mod.ts";
import type { Metrics } from "../telemetry/mod.ts";
import type { TopicDesk } from "./topic_desk.ts";
import type { ChainStage, ListenMode, TopicName } from "./types.ts";

/**
 * What only a node whose chain is up to date says: it would offer others what they have long had. Its status, greetings
 * and questions are what a node that is behind needs most.
 */
const NEEDS_CHAIN: ReadonlySet<TopicName> = new Set(["block", "subtree", "miningon", "rejected_tx"]);

/** Why the node does not say something. */
type Blocked = Exclude<ListenMode, "full"> | Exclude<ChainStage, "running">;

const WHY: Readonly<Record<Blocked, string>> = {
  listen_only: "p2p.listen_mode is listen_only",
  silent: "p2p.listen_mode is silent",
  idle: "the node's chain has not begun",
  catching_up: "the node is still catching up with the chain",
};

export interface PublishGateInit {
  readonly listenMode: ListenMode;
  /** Absent: up to date at any time. */
  readonly stage?: (() => ChainStage) | undefined;
}

/** Decides what the node may say at all, by its listen mode and by how far its chain has come. */
export class PublishGate {
  readonly #init: PublishGateInit;
  readonly #blocked = new Map<
    string,
    { readonly topic: TopicName; readonly reason: Blocked; count: number }
  >();

  constructor(components: { readonly metrics: Metrics }, init: PublishGateInit) {
    this.#init = init;
    components.metrics.collect(
      {
        name: "commons_p2p_publish_blocked_total",
        help: "Messages that the node did not say, by topic and reason",
        labels: ["topic", "reason"],
        kind: "counter",
      },
      () => [...this.#blocked.values()].map(({ topic, reason, count }) => [count, { topic, reason }]),
    );
  }

  isOpen(desk: TopicDesk): boolean {
    return this.#reason(desk) === undefined;
  }

  /** Like {@linkcode isOpen} for something that is about to be said: what is not is counted. */
  admits(desk: TopicDesk): boolean {
    const reason = this.#reason(desk);
    if (reason !== undefined) this.#count(desk.codec.topic, reason);
    return reason === undefined;
  }

  /** @throws {CommonsError} `UNAVAILABLE`, and counts it, when the node does not say this kind now */
  assertOpen(desk: TopicDesk): void {
    const reason = this.#reason(desk);
    if (reason === undefined) return;
    this.#count(desk.codec.topic, reason);
    throw new CommonsError("UNAVAILABLE", `Cannot publish: ${WHY[reason]}`);
  }

  #reason(desk: TopicDesk): Blocked | undefined {
    const { listenMode, stage } = this.#init;
    if (listenMode !== "full" && !desk.mayPublish(listenMode)) return listenMode;
    if (!NEEDS_CHAIN.has(desk.codec.topic)) return undefined;
    const now = chainStage(stage);
    return now === "running" ? undefined : now;
  }

  #count(topic: TopicName, reason: Blocked): void {
    const key = `${topic} ${reason}`;
    const known = this.#blocked.get(key);
    if (known === undefined) this.#blocked.set(key, { topic, reason, count: 1 });
    else known.count++;
  }
}

/** The stage, `running` where nobody knows: a node that cannot tell must not fall silent. */
export function chainStage(stage: (() => ChainStage) | undefined): ChainStage {
  try {
    return stage?.() ?? "running";
  } catch {
    return "running"; // whoever gave it reports its own faults
  }
}
