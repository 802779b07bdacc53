import { type Clock, CommonsError } from "../base/mod.ts";
import type {
  Cell,
  CellExit,
  CellFactory,
  CellHandlers,
  CellInit,
  CellStats,
  Invocation,
} from "./cell_types.ts";
import type { ExitReason } from "./types.ts";

/** A cell without a process, driven by a test. */
export class FakeCell implements Cell {
  readonly pid: number;
  readonly init: CellInit;
  readonly events: { readonly id: number; readonly type: string; readonly payload: unknown }[] = [];
  readonly invocations: Invocation[] = [];
  /** What the module answers; set by the test. */
  answer: (invocation: Invocation) => unknown = () => undefined;
  /** What the module's `stop()` does before the cell goes. */
  onStop: () => void = () => {};
  /** False makes `stop` wait for `end`. */
  stopsAtOnce = true;
  rssBytes = 1_000_000;
  cpuPercent = 1.5;
  readonly #handlers: CellHandlers;
  readonly #clock: Clock;
  readonly #started = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<CellExit>();
  #ended = false;

  constructor(parts: { pid: number; init: CellInit; handlers: CellHandlers; clock: Clock }) {
    this.pid = parts.pid;
    this.init = parts.init;
    this.#handlers = parts.handlers;
    this.#clock = parts.clock;
    this.#started.promise.catch(() => {}); // whoever started the cell hears of it
  }

  get started(): Promise<void> {
    return this.#started.promise;
  }

  get exited(): Promise<CellExit> {
    return this.#exited.promise;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get stats(): CellStats {
    return {
      rssBytes: this.rssBytes,
      cpuPercent: this.cpuPercent,
      eventsDelivered: this.events.length,
      eventsDropped: 0,
      framesIn: 0,
      bytesIn: 0,
    };
  }

  /** The module's `start()` returns. */
  run(): void {
    this.#started.resolve();
  }

  /** The process ends. */
  end(reason: ExitReason, detail = ""): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#started.reject(new CommonsError("START_FAILED", `Cannot start the module: ${detail}`));
    this.#exited.resolve({ reason, detail, at: this.#clock.now() });
  }

  /** The module calls the node; throws or answers as the wire would. */
  call(method: string, ...params: unknown[]): unknown {
    return this.#handlers.onCall(method, params);
  }

  log(message: string): void {
    this.#handlers.onLog("info", message);
  }

  sendEvent(json: string): boolean {
    this.events.push(JSON.parse(json));
    return true;
  }

  // deno-lint-ignore require-await -- a throw has to be a rejection, as over the wire
  async invoke(invocation: Invocation): Promise<unknown> {
    this.invocations.push(invocation);
    return this.answer(invocation);
  }

  stop(): Promise<CellExit> {
    if (!this.#ended) this.onStop();
    if (this.stopsAtOnce) this.end("stopped");
    return this.exited;
  }

  kill(reason: ExitReason, detail: string): Promise<CellExit> {
    this.end(reason, detail);
    return this.exited;
  }
}

/** Makes {@linkcode FakeCell}s and remembers them all. */
export class FakeCells implements CellFactory {
  readonly all: FakeCell[] = [];
  /** What a new cell does; by default its module starts at once. */
  onStart: (cell: FakeCell) => void = (cell) => cell.run();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // deno-lint-ignore require-await -- a throw in `onStart` has to be a rejection
  async start(init: CellInit, handlers: CellHandlers): Promise<Cell> {
    const cell = new FakeCell({ pid: this.all.length + 1, init, handlers, clock: this.#clock });
    this.all.push(cell);
    this.onStart(cell);
    return cell;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Cells of a module that live, newest last. */
  alive(name?: string): FakeCell[] {
    return this.all.filter((cell) => !cell.ended && (name === undefined || cell.init.name === name));
  }

  /** The newest cell of a module. */
  of(name: string): FakeCell {
    const cell = this.all.findLast((other) => other.init.name === name);
    if (!cell) throw new Error(`no cell of ${name}`);
    return cell;
  }
}
