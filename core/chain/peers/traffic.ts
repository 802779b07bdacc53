import { isKnownCommand } from "../../bitcoin/mod.ts";
import type { Metrics } from "../../telemetry/mod.ts";
import type { DropReason } from "./drop_reason.ts";

type Direction = "in" | "out";

/** What all connections did, in numbers. */
export class Traffic {
  readonly #messages = new Map<
    string,
    { readonly direction: Direction; readonly command: string; count: number }
  >();
  readonly #bytes: Record<Direction, number> = { in: 0, out: 0 };
  readonly #disconnects = new Map<DropReason, number>();
  readonly #headers = { accepted: 0, duplicate: 0, refused: 0 };
  #stalls = 0;

  /** Commands that are not known count together: strangers choose their names. */
  message(direction: Direction, command: string): void {
    const name = isKnownCommand(command) ? command : "other";
    const key = `${direction} ${name}`;
    const entry = this.#messages.get(key);
    if (entry === undefined) this.#messages.set(key, { direction, command: name, count: 1 });
    else entry.count++;
  }

  bytes(direction: Direction, count: number): void {
    this.#bytes[direction] += count;
  }

  headers(outcome: "accepted" | "duplicate" | "refused", count: number): void {
    this.#headers[outcome] += count;
  }

  disconnect(reason: DropReason): void {
    this.#disconnects.set(reason, (this.#disconnects.get(reason) ?? 0) + 1);
    if (reason === "stalled_headers" || reason === "stalled_block") this.#stalls++;
  }

  /** Registers everything; `peers` tells how many connections are in which state. */
  expose(metrics: Metrics, peers: () => ReadonlyMap<string, number>): void {
    metrics.collect(
      { name: "commons_bitcoin_peers", help: "Bitcoin nodes by state of the connection.", labels: ["state"] },
      () => [...peers()].map(([state, count]) => [count, { state }] as const),
    );
    const counter = (name: string, help: string, labels: readonly string[]) =>
      ({ name: `commons_bitcoin_${name}_total`, help, labels, kind: "counter" }) as const;
    metrics.collect(
      counter("messages", "Messages to and from Bitcoin nodes.", ["direction", "command"]),
      () => [...this.#messages.values()].map(({ count, ...labels }) => [count, labels] as const),
    );
    metrics.collect(
      counter("bytes", "Bytes to and from Bitcoin nodes.", ["direction"]),
      () => (["in", "out"] as const).map((direction) => [this.#bytes[direction], { direction }] as const),
    );
    metrics.collect(
      counter("headers", "Headers that Bitcoin nodes sent, by what the chain made of them.", ["outcome"]),
      () => Object.entries(this.#headers).map(([outcome, count]) => [count, { outcome }] as const),
    );
    metrics.collect(
      counter("disconnects", "Connections to Bitcoin nodes that ended.", ["reason"]),
      () => [...this.#disconnects].map(([reason, count]) => [count, { reason }] as const),
    );
    metrics.collect(
      counter("stalls", "Bitcoin nodes that did not send what they were asked for in time.", []),
      () => [[this.#stalls]],
    );
  }
}
