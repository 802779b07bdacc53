import { type Clock, CommonsError, errorText } from "../base/mod.ts";
import { cleanText } from "./clean_text.ts";
import type { Cell, CellExit, CellFactory, CellInit, CellStats, Invocation } from "./cell_types.ts";
import type { EventFeed } from "./event_feed.ts";
import type { ModuleLog } from "./module_log.ts";
import type { NodeApiSession } from "./node_api_session.ts";

const MAX_DETAIL = 2_000;
/** Beyond the cell's own `stopMs`, before the process is ended without asking again. */
const STOP_GRACE_MS = 2_000;

export interface RunComponents {
  readonly clock: Clock;
  readonly cells: CellFactory;
  readonly feed: EventFeed;
  readonly session: NodeApiSession;
  readonly log: ModuleLog;
}

/** One run of a module: its cell and its session with the node, from start to exit. */
export class ModuleRun {
  readonly init: CellInit;
  readonly #parts: RunComponents;
  #cell: Cell | undefined;
  #stopAsked = false;
  /** Monotonic time of the end of the module's `start()`. */
  #runningSince: number | undefined;

  constructor(parts: RunComponents, init: CellInit) {
    this.#parts = parts;
    this.init = init;
  }

  get pid(): number | null {
    return this.#cell?.pid ?? null;
  }

  get stats(): CellStats | undefined {
    return this.#cell?.stats;
  }

  get eventsDropped(): number {
    return this.#parts.feed.dropped + (this.#cell?.stats.eventsDropped ?? 0);
  }

  /** Milliseconds since the module runs; 0 before. */
  get uptimeMs(): number {
    return this.#runningSince === undefined ? 0 : this.#parts.clock.monotonic() - this.#runningSince;
  }

  /** Starts the cell. Answers how it ended when the module did not get to run, else `undefined`. Never rejects. */
  async start(): Promise<CellExit | undefined> {
    const { cells, session, log, feed, clock } = this.#parts;
    let cell: Cell;
    try {
      cell = await cells.start(this.init, {
        onCall: (method, params) => session.call(method, params),
        onLog: (level, message, fields) => log.write(level, message, fields),
      });
    } catch (error) {
      return { reason: "crashed", detail: cleanText(errorText(error), MAX_DETAIL), at: clock.now() };
    }
    this.#cell = cell;
    feed.attach((json) => cell.sendEvent(json));
    if (this.#stopAsked) return await cell.stop();
    const exit = await startOf(cell);
    if (exit === undefined) this.#runningSince = clock.monotonic();
    return exit;
  }

  /** Calls `onExit` once when the process is gone. */
  watch(onExit: (exit: CellExit) => void): void {
    this.#cell?.exited.then(onExit);
  }

  /** Asks the module something. @throws {CommonsError} as {@linkcode Cell.invoke} */
  invoke(invocation: Invocation, deadlineMs: number): Promise<unknown> {
    if (this.#cell) return this.#cell.invoke(invocation, { deadlineMs });
    return Promise.reject(new CommonsError("MODULE_NOT_RUNNING", "Cannot ask the module: it has no cell"));
  }

  /** Gives up a start under way. */
  interrupt(): void {
    this.#stopAsked = true;
    void this.#cell?.stop(); // never rejects; `start` hears of the exit
  }

  /** Refuses every further call of the module. */
  cutOff(): void {
    this.#parts.session[Symbol.dispose]();
  }

  /** Stops the cell: asks, waits, kills. Resolves when the process is gone. */
  async stop(): Promise<CellExit | undefined> {
    const cell = this.#cell;
    if (cell === undefined) return undefined;
    const deadline = this.init.limits.stopMs + STOP_GRACE_MS;
    const guard = this.#parts.clock.after(deadline, () => this.kill("did not stop in time"));
    try {
      return await cell.stop();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  kill(detail: string): void {
    void this.#cell?.kill("killed", detail); // never rejects; who watches the exit hears of it
  }
}

/** How the cell ended before it ran, or `undefined` when it runs. */
function startOf(cell: Cell): Promise<CellExit | undefined> {
  const started = cell.started.then(() => undefined, () => cell.exited);
  return Promise.race([started, cell.exited]);
}
