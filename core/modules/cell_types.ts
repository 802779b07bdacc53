import type { ExitReason, ModuleLogLine } from "./types.ts";

/** How a cell ended. */
export interface CellExit {
  readonly reason: ExitReason;
  /** For people; at most 2,000 characters, already cleaned of control characters. */
  readonly detail: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Everything that a cell is started with. Nothing in it is read again from disk. */
export interface CellInit {
  readonly name: string;
  readonly version: string;
  /** `<name>_<32 hex>`, fresh for each start. */
  readonly instanceId: string;
  /** Self-contained ES module text; the bytes that were verified. */
  readonly source: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What `node.dataDir` shows to the module; the cell itself cannot open it. */
  readonly dataDir: string;
  /** `host:port` that the module may reach; empty means none. */
  readonly net: readonly string[];
  /** Granted capabilities, only so that the SDK can fail early; the node checks every call again. */
  readonly capabilities: readonly string[];
  readonly limits: CellLimits;
}

export interface CellLimits {
  /** Hard limit of the cell's resident memory above an idle cell's, in bytes. */
  readonly memoryBytes: number;
  /** From start of the process until the module's `start()` has returned. */
  readonly startupMs: number;
  /** Longest time that the module's thread may not answer a heartbeat. */
  readonly unresponsiveMs: number;
  /** For the module's `stop()`. */
  readonly stopMs: number;
  /** Events that may wait for the cell; more are dropped and counted. */
  readonly eventQueue: number;
  /** Calls into the node a second, in the long run. */
  readonly requestsPerSecond: number;
  /** Calls of the module that the node answers at the same time. */
  readonly maxInFlight: number;
  /** Bytes of one frame that the cell sends. */
  readonly maxFrameBytes: number;
}

/** What a node asks of a module. */
export type Invocation =
  | { readonly kind: "cli"; readonly subcommand: string; readonly args: Readonly<Record<string, unknown>> }
  | {
    readonly kind: "http";
    /** Index that the module gave with the route. */
    readonly route: number;
    readonly request: {
      readonly method: string;
      readonly path: string;
      readonly params: Readonly<Record<string, string>>;
      readonly query: Readonly<Record<string, string>>;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    };
  }
  | { readonly kind: "api"; readonly method: string; readonly params: unknown; readonly caller: string }
  | { readonly kind: "rpc"; readonly method: string; readonly params: unknown }
  | { readonly kind: "timer"; readonly id: number };

/** How a cell reaches the node. Every value has crossed the wall: check it. */
export interface CellHandlers {
  /**
   * A call of the node API: method name as the protocol has it (`storage.get`, `events.subscribe`, …) and its parameters.
   * A plain return answers without a microtask. Throw a `CommonsError` for a refusal; its code and message go to the module.
   */
  onCall(method: string, params: readonly unknown[]): unknown | Promise<unknown>;
  onLog(level: ModuleLogLine["level"], message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A running (or starting, or ended) cell: one child process with one restricted Worker in it. */
export interface Cell {
  readonly pid: number;
  /** Resolves when the module's `start()` has returned; rejects (`START_FAILED`, `TIMEOUT`) and kills the cell otherwise. */
  readonly started: Promise<void>;
  /** Resolves, never rejects, when the process is gone. */
  readonly exited: Promise<CellExit>;
  /** Queues an event (JSON text of `{id,type,time,payload}`); false when it was dropped. */
  sendEvent(json: string): boolean;
  /**
   * Asks the module something.
   * @throws {CommonsError} `TIMEOUT`, `MODULE_FAILED` (message of the module's error), `MODULE_NOT_RUNNING`, `RESULT_TOO_LARGE`
   */
  invoke(invocation: Invocation, options: { readonly deadlineMs: number }): Promise<unknown>;
  /** Asks the module to stop, waits `stopMs`, then kills. Resolves when the process is gone. Idempotent. */
  stop(): Promise<CellExit>;
  /** Ends the process at once, for `reason`. Resolves when it is gone. Idempotent; the first reason counts. */
  kill(reason: ExitReason, detail: string): Promise<CellExit>;
  readonly stats: CellStats;
}

export interface CellStats {
  readonly rssBytes: number;
  readonly cpuPercent: number;
  readonly eventsDelivered: number;
  readonly eventsDropped: number;
  readonly framesIn: number;
  readonly bytesIn: number;
}

/** Starts cells. */
export interface CellFactory {
  /** Starts the spare cell now, when one is kept at all: its process comes up while the node does other things. */
  warm?(): void;
  start(init: CellInit, handlers: CellHandlers): Promise<Cell>;
  /** Kills what is left and removes the sockets' folder. */
  close(): Promise<void>;
}
