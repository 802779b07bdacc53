import type { CliResult } from "../protocol/cli.ts";
import { runInvocation } from "../runtime/invocations.ts";
import { createNode } from "../runtime/node_object.ts";
import { Registrations } from "../runtime/registrations.ts";
import { createStorage } from "../runtime/storage.ts";
import { NodeApiError } from "../sdk/errors.ts";
import type { EventPayloads, EventType } from "../sdk/events.ts";
import type { Metric } from "../sdk/groups.ts";
import type { Log, ModuleNode, Storage } from "../sdk/types.ts";
import { commandValues, toResult } from "./command.ts";
import { type Answer, FakeBackend, type RecordedCall } from "./fake_backend.ts";
import type { FakeFiles } from "./fake_files.ts";
import { FakeSchedule } from "./fake_schedule.ts";
import { FakeStorage } from "./fake_storage.ts";
import { FakeResponse, matchRoute, type RequestOptions, toRequest } from "./http_request.ts";
import { acrossTheWall } from "./wall.ts";

/** Options of a fake node; all may be absent. */
export interface FakeNodeOptions {
  /** The module's name; default "module". */
  readonly name?: string;
  readonly version?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** What is granted; a call that needs more throws `PERMISSION_DENIED`. Default: everything. */
  readonly capabilities?: readonly string[];
  /** Other modules: name → method → what it answers to `(params, caller)`. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
  /** Answers to methods of the node API, such as `"network.getNetworkPeers": () => []`; they win over the fake's own. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** What an earlier run has stored: `storedData` of that run. */
  readonly storedData?: FakeStorage;
  /** Unix milliseconds at the start; default 1,700,000,000,000. */
  readonly now?: number;
}

/** One line that the module logged. */
export interface LoggedLine {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * A node in memory for a module's tests: the `node` that a module gets is the real one, only what it calls is not. Values
 * cross a wall as in a cell, so what cannot be sent fails here, too. Nothing waits for real time.
 */
export class FakeNode {
  /** What the module's `start` gets. */
  readonly node: ModuleNode;
  readonly logs: LoggedLine[] = [];
  readonly published: { readonly type: string; readonly payload: unknown }[] = [];
  /** The module's own storage, whatever is granted. */
  readonly storage: Storage;
  /** For `storedData` of a later run. */
  readonly storedData: FakeStorage;
  readonly #backend: FakeBackend;
  readonly #registrations: Registrations;
  readonly #schedule: FakeSchedule;
  readonly #stop = new AbortController();
  #events = 0;

  constructor(options: FakeNodeOptions = {}) {
    const { name = "module", version = "1.0.0", config = {}, capabilities, modules = {}, answers = {} } =
      options;
    this.storedData = options.storedData ?? new FakeStorage();
    this.#schedule = new FakeSchedule(options.now ?? 1_700_000_000_000);
    const storage = this.storedData;
    const onPublish = (type: string, payload: unknown) => this.#published(type, payload);
    this.#backend = new FakeBackend({ name, version, capabilities, modules, answers, storage, onPublish });
    const log = this.#createLog();
    this.#registrations = new Registrations(this.#backend, log);
    this.storage = createStorage(
      new FakeBackend({
        name,
        version,
        capabilities: undefined,
        modules: {},
        answers: {},
        storage,
        onPublish,
      }),
    );
    const id = `${name}_${"0".repeat(32)}`;
    const dataDir = `/data/modules/${name}`;
    this.node = createNode({
      init: { id, name, version, config, dataDir, capabilities: capabilities ?? [] },
      calls: this.#backend,
      registrations: this.#registrations,
      log,
      signal: this.#stop.signal,
      schedule: this.#schedule,
    });
  }

  /** Calls of the module into the node so far, refused ones too. */
  get calls(): readonly RecordedCall[] {
    return this.#backend.calls;
  }
  /** Reports of metrics so far. */
  get metrics(): readonly Metric[] {
    return this.#backend.metrics;
  }
  /** What the module last reported of itself. */
  get health(): { readonly health: string; readonly message?: string } {
    return this.#backend.health;
  }
  /** The module's files. */
  get files(): FakeFiles {
    return this.#backend.files;
  }
  /** JSON-RPC methods that the module registered. */
  get rpcMethods(): readonly string[] {
    return [...this.#backend.rpc].sort();
  }

  /** Publishes an event as the node would, and waits for what follows from it. False when the module did not ask for it. */
  async emit<T extends EventType>(type: T, payload: EventPayloads[T]): Promise<boolean> {
    const wanted = this.#deliver(type, payload);
    await this.settle();
    return wanted;
  }

  /** Runs `commons <module> <name>` with arguments by name; what is absent gets the default of the command's spec. */
  async runCli(name: string, args: Readonly<Record<string, string | boolean>> = {}): Promise<CliResult> {
    const spec = this.#backend.commands.get(name);
    if (!spec) throw new NodeApiError("NOT_FOUND", `Cannot run ${name}: the module has no such command`);
    const values = commandValues(spec, args);
    try {
      return toResult(await this.#invoke({ kind: "cli", subcommand: name, args: values }));
    } catch (error) {
      return {
        stdout: "",
        stderr: `${error instanceof Error ? error.message : String(error)}\n`,
        exit_code: 1,
      };
    }
  }

  /** A request to a route of the module; 404 and 405 where the node would answer so. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<FakeResponse> {
    const match = matchRoute(this.#backend.routes, method, path);
    if (typeof match === "number") return new FakeResponse({ status: match });
    const request = toRequest({ method, path, options, params: match.params });
    return new FakeResponse(await this.#invoke({ kind: "http", route: match.route, request }));
  }

  /** Calls a method that the module exposes, as `caller` (default: the operator). */
  async call(method: string, params?: unknown, options: { readonly caller?: string } = {}): Promise<unknown> {
    if (!this.#backend.exposed.has(method)) {
      throw new NodeApiError("NOT_FOUND", `Cannot call ${method}: the module does not expose it`);
    }
    const { caller = "operator" } = options;
    return await this.#invoke({ kind: "api", method, params: acrossTheWall(params), caller });
  }

  /** Calls a JSON-RPC method that the module registered. */
  async rpc(method: string, params: unknown = []): Promise<unknown> {
    if (!this.#backend.rpc.has(method)) {
      throw new NodeApiError("NOT_FOUND", `Cannot call ${method}: the module has not registered it`);
    }
    return await this.#invoke({ kind: "rpc", method, params: acrossTheWall(params) });
  }

  /** Lets time pass for `node.timers`, and waits for what follows. */
  async advance(ms: number): Promise<void> {
    await this.#schedule.advance(ms, () => this.settle());
    await this.settle();
  }

  /** Waits until nothing more follows from what happened, as long as the module waits for nothing outside. */
  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0)); // all that is ready runs before the next task
  }

  /** For `startModule`. */
  get parts() {
    return { calls: this.#backend, registrations: this.#registrations, stop: this.#stop };
  }

  async #invoke(invocation: Parameters<typeof runInvocation>[0]): Promise<unknown> {
    return acrossTheWall(await runInvocation(invocation, this.#registrations));
  }

  #published(type: string, payload: unknown): void {
    this.published.push({ type, payload });
    this.#deliver(type as EventType, payload as EventPayloads[EventType]); // typed where it is published
  }

  #deliver<T extends EventType>(type: T, payload: EventPayloads[T]): boolean {
    const event = { id: ++this.#events, type, time: this.#schedule.now, payload };
    if (!this.#backend.subscribed.has(type)) return false;
    this.#registrations.dispatchEvent(acrossTheWall(event) as typeof event); // a copy of it
    return true;
  }

  #createLog(): Log {
    const write = (level: keyof Log) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      void this.logs.push(fields === undefined ? { level, message } : { level, message, fields });
    return Object.freeze({
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
    });
  }
}
