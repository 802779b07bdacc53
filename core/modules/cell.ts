import { type Clock, CommonsError, type Timer } from "../base/mod.ts";
import { CELL_EXIT, type InitMessage } from "../../workers/protocol/mod.ts";
import { CellChannel, type ChannelOwner } from "./channel.ts";
import { type CellProcess, killNow } from "./cell_process.ts";
import type { Cell, CellExit, CellHandlers, CellInit, CellStats, Invocation } from "./cell_types.ts";
import type { ExitReason } from "./types.ts";

const MAX_DETAIL = 2_000;
const PINGS_PER_LIMIT = 4;
/** The cell's own watchdog acts at the limit; the node, which does not trust it, half a limit later. */
const MISSED_PINGS = 6;

/** A cell whose process runs already: sends it the module and supervises it to its end. */
export class RunningCell implements Cell, ChannelOwner {
  readonly started: Promise<void>;
  readonly exited: Promise<CellExit>;
  readonly #process: CellProcess;
  readonly #init: CellInit;
  readonly #clock: Clock;
  readonly #channel: CellChannel;
  readonly #startResult = Promise.withResolvers<void>();
  readonly #timers: Timer[] = [];
  #ended: { readonly reason: ExitReason; readonly detail: string } | undefined;
  #stopping = false;
  #running = false;
  #missedPings = 0;
  #pings = 0;
  #rssBytes = 0;
  #cpu = { ms: 0, at: 0, percent: 0 };

  constructor(process: CellProcess, init: CellInit, parts: { clock: Clock; handlers: CellHandlers }) {
    this.#process = process;
    this.#init = init;
    this.#clock = parts.clock;
    this.started = this.#startResult.promise;
    this.started.catch(() => {}); // whoever starts a cell waits for it; the exit is reported in any case
    this.#channel = new CellChannel({
      connection: process.connection,
      clock: parts.clock,
      limits: init.limits,
      handlers: parts.handlers,
      owner: this,
    });
    this.exited = process.status.then((status) => this.#end(status));
    this.#channel.run();
    this.#channel.send(`["i",${JSON.stringify(initMessage(init))}]`);
    this.#watch();
  }

  get pid(): number {
    return this.#process.child.pid;
  }

  get stats(): CellStats {
    return { ...this.#channel.stats, rssBytes: this.#rssBytes, cpuPercent: this.#cpu.percent };
  }

  sendEvent(json: string): boolean {
    return this.#channel.sendEvent(json);
  }

  invoke(invocation: Invocation, options: { readonly deadlineMs: number }): Promise<unknown> {
    return this.#channel.invoke(invocation, options);
  }

  stop(): Promise<CellExit> {
    if (this.#stopping || this.#ended) return this.exited;
    this.#stopping = true;
    const { stopMs } = this.#init.limits;
    this.#channel.send('["x"]');
    this.#timers.push(
      this.#clock.after(stopMs, () => void this.kill("killed", `did not stop within ${stopMs} ms`)),
    );
    return this.exited;
  }

  kill(reason: ExitReason, detail: string): Promise<CellExit> {
    this.#ended ??= { reason, detail: clean(detail) };
    killNow(this.#process.child);
    return this.exited;
  }

  onStarted(): void {
    this.#running = true;
    this.#startResult.resolve();
  }

  onStopped(): void {
    if (!this.#stopping) void this.kill("protocol_violation", "said that it had stopped without being asked");
  }

  onFailed(message: string, stack: string): void {
    this.#ended ??= {
      reason: "crashed",
      detail: clean(stack.includes(message) ? stack : `${message}\n${stack}`),
    };
    // It ends by itself; a cell that says so and goes on is ended by the next heartbeat.
    this.#missedPings = MISSED_PINGS;
  }

  onPong(count: number, rssBytes: number, cpuMs: number): void {
    if (count !== this.#pings || this.#ended) return;
    this.#missedPings = 0;
    this.#rssBytes = Math.max(0, rssBytes);
    const now = this.#clock.monotonic();
    const elapsed = now - this.#cpu.at;
    if (elapsed < 500) return;
    const percent = this.#cpu.at === 0 ? 0 : Math.max(0, (cpuMs - this.#cpu.ms) / elapsed * 100);
    this.#cpu = { ms: cpuMs, at: now, percent: Math.round(percent * 10) / 10 };
  }

  onViolation(detail: string): void {
    void this.kill("protocol_violation", detail);
  }

  onClosed(): void {
    // The process follows by itself; one that lost its channel and lives on is of no use.
    if (!this.#ended && !this.#stopping) {
      this.#timers.push(this.#clock.after(1_000, () => void this.kill("crashed", "closed its channel")));
    }
  }

  #watch(): void {
    const { startupMs, unresponsiveMs } = this.#init.limits;
    const start = this.#clock.after(startupMs, () => {
      if (!this.#running) void this.kill("start_timeout", `did not start within ${startupMs} ms`);
    });
    const heartbeat = this.#clock.every(Math.max(50, unresponsiveMs / PINGS_PER_LIMIT), () => this.#ping());
    this.#timers.push(start, heartbeat);
  }

  #ping(): void {
    if (this.#missedPings++ >= MISSED_PINGS && (this.#running || this.#ended)) {
      void this.kill("unresponsive", `did not answer for ${this.#init.limits.unresponsiveMs} ms`);
      return;
    }
    this.#channel.send(`["p",${++this.#pings}]`);
  }

  #end(status: Deno.CommandStatus): CellExit {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#channel.close();
    // Closing stdin after the end only frees the handle.
    this.#process.child.stdin.close().catch(() => {});
    const ended = this.#ended ?? this.#explain(status);
    this.#ended = ended;
    if (!this.#running) {
      this.#startResult.reject(
        new CommonsError(
          "START_FAILED",
          `Cannot start the module: ${firstLine(ended.detail) || ended.reason}`,
          {
            detail: { reason: ended.reason },
          },
        ),
      );
    }
    return { ...ended, at: this.#clock.now() };
  }

  /** What an exit that the node did not cause means. Codes come from the cell and are only a hint. */
  #explain(status: Deno.CommandStatus): { readonly reason: ExitReason; readonly detail: string } {
    const tail = clean(this.#process.stderrTail());
    const { memoryBytes, unresponsiveMs } = this.#init.limits;
    if (status.code === CELL_EXIT.outOfMemory) {
      return { reason: "out_of_memory", detail: `used more than its ${memoryBytes} bytes` };
    }
    if (status.code === CELL_EXIT.unresponsive) {
      return { reason: "unresponsive", detail: `did not answer for ${unresponsiveMs} ms` };
    }
    // V8 aborts by a trap when the heap limit is reached; shells see 128 + 5.
    if (status.signal === "SIGTRAP" || status.signal === "SIGABRT" || status.code === 133) {
      return { reason: "out_of_memory", detail: `reached its heap limit of ${memoryBytes} bytes` };
    }
    if (this.#stopping && status.code === CELL_EXIT.stopped) return { reason: "stopped", detail: "" };
    if (status.signal) return { reason: "killed", detail: `ended by ${status.signal}` };
    if (status.code === CELL_EXIT.stopped) return { reason: "completed", detail: "ended by itself" };
    return { reason: "crashed", detail: tail || `ended with code ${status.code}` };
  }
}

function initMessage(init: CellInit): InitMessage {
  return {
    id: init.instanceId,
    name: init.name,
    version: init.version,
    source: init.source,
    config: init.config,
    dataDir: init.dataDir,
    capabilities: init.capabilities,
    net: init.net,
    maxFrameBytes: init.limits.maxFrameBytes,
  };
}

/** Text of a cell, fit for logs and terminals. */
function clean(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is taken out
  return text.replaceAll(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, " ").slice(
    0,
    MAX_DETAIL,
  ).trim();
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
