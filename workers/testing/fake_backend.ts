import type { NodeCalls } from "../runtime/node_calls.ts";
import { NodeApiError } from "../sdk/errors.ts";
import type { Metric } from "../sdk/groups.ts";
import type { Command } from "../sdk/types.ts";
import { METHOD_CAPABILITIES } from "./capabilities.ts";
import { FakeFiles } from "./fake_files.ts";
import type { FakeStorage } from "./fake_storage.ts";
import { acrossTheWall, invalid } from "./wall.ts";

/** What a method of the fake node, or of another module, answers; it may throw a `NodeApiError`. */
// deno-lint-ignore no-explicit-any -- the test knows what its module sends
export type Answer = (...params: any[]) => unknown;

export interface BackendInit {
  readonly name: string;
  readonly version: string;
  /** Granted capabilities; absent means all. */
  readonly capabilities: readonly string[] | undefined;
  readonly modules: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly storage: FakeStorage;
  /** Hears of an event that the module publishes. */
  readonly onPublish: (type: string, payload: unknown) => void;
}

export interface Route {
  readonly method: string;
  readonly pattern: string;
}

/** One call of the module into the node. */
export interface RecordedCall {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Code of the refusal, "" for none. */
  readonly error: string;
}

type Handlers = Readonly<Record<string, (...params: readonly unknown[]) => unknown>>;

/** The node's side in a test: what it serves is in memory, everything else is `UNAVAILABLE` unless the test answers it. */
export class FakeBackend implements NodeCalls {
  readonly #init: BackendInit;
  readonly #handlers: Handlers;
  readonly files = new FakeFiles();
  readonly calls: RecordedCall[] = [];
  readonly subscribed = new Set<string>();
  readonly commands = new Map<string, Command>();
  readonly routes: Route[] = [];
  readonly exposed = new Set<string>();
  readonly rpc = new Set<string>();
  readonly metrics: Metric[] = [];
  health: { readonly health: string; readonly message?: string } = { health: "healthy" };

  constructor(init: BackendInit) {
    this.#init = init;
    this.#handlers = {
      ...this.#registrationHandlers(),
      ...this.#moduleHandlers(),
      ...this.#reportHandlers(),
      ...storageHandlers(init.storage),
      ...fileHandlers(this.files),
    };
  }

  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    try {
      const result = await this.#answer(method, params.map(acrossTheWall));
      this.calls.push({ method, params, error: "" });
      return acrossTheWall(result);
    } catch (error) {
      this.calls.push({ method, params, error: error instanceof NodeApiError ? error.code : "UNAVAILABLE" });
      throw error;
    }
  }

  #answer(method: string, params: readonly unknown[]): unknown {
    const { capabilities, answers } = this.#init;
    const needed = METHOD_CAPABILITIES.get(method);
    if (needed === undefined) {
      throw new NodeApiError("NOT_FOUND", `Cannot call ${method}: there is no such method`);
    }
    if (needed !== "" && capabilities && !capabilities.includes(needed)) {
      throw new NodeApiError("PERMISSION_DENIED", `Cannot call ${method}: it needs ${needed}`);
    }
    const answer = Object.hasOwn(answers, method) ? answers[method] : this.#handlers[method];
    if (answer) return answer(...params);
    throw new NodeApiError("UNAVAILABLE", `Cannot call ${method}: give the fake node an answer for it`);
  }

  #registrationHandlers(): Handlers {
    return {
      "events.subscribe": (types) => textsOf(types).forEach((type) => this.subscribed.add(type)),
      "events.unsubscribe": (types) => textsOf(types).forEach((type) => this.subscribed.delete(type)),
      "events.publish": (type, payload) => this.#init.onPublish(String(type), payload),
      "cli.register": (command) => this.#addCommand(command),
      "http.register": (route) => this.routes.push(routeOf(route)) - 1,
      "api.expose": (method) => void this.exposed.add(String(method)),
      "api.unexpose": (method) => void this.exposed.delete(String(method)),
      "rpc.register": (method) => void this.rpc.add(String(method)),
      "rpc.unregister": (method) => void this.rpc.delete(String(method)),
      "rpc.registerCoreRpcOverride": (method) => void this.rpc.add(String(method)),
      "rpc.unregisterCoreRpcOverride": (method) => void this.rpc.delete(String(method)),
    };
  }

  #addCommand(command: unknown): void {
    const { name, args = [] } = command as Command; // typed where the module registers it
    if (this.commands.has(name)) throw invalid("cli.register", `command ${name} is there already`);
    this.commands.set(name, { name, args });
  }

  #moduleHandlers(): Handlers {
    const { modules } = this.#init;
    const info = (name: unknown) => {
      const methods = Object.hasOwn(modules, String(name)) ? modules[String(name)] : undefined;
      return methods && summaryOf(String(name), Object.keys(methods));
    };
    return {
      "node.info": () => ({
        version: "0.0.0",
        network: "regtest",
        node_id: "00".repeat(32),
        peer_id: "fake",
      }),
      "modules.list": () => Object.keys(modules).map(info),
      "modules.info": info,
      "modules.available": (name) => info(name) !== undefined,
      "modules.call": (name, method, params) => {
        const handler = modules[String(name)]?.[String(method)];
        if (handler) return handler(params, this.#init.name);
        throw new NodeApiError(
          "NOT_FOUND",
          `Cannot call module ${String(name)}: it has no ${String(method)}`,
        );
      },
    };
  }

  #reportHandlers(): Handlers {
    const report = (health: unknown, message: unknown) => {
      this.health = typeof message === "string"
        ? { health: String(health), message }
        : { health: String(health) };
    };
    return {
      "health.report": report,
      "metrics.reportModuleHealth": report,
      "metrics.reportMetric": (metric) => void this.metrics.push(metric as Metric), // typed where it is reported
    };
  }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function routeOf(route: unknown): Route {
  const { method, pattern } = route as Route; // made by the SDK itself
  if (!pattern.startsWith("/")) throw invalid("http.register", "a pattern begins with /");
  return { method, pattern };
}

function summaryOf(name: string, methods: readonly string[]) {
  return {
    module_id: `${name}_${"0".repeat(32)}`,
    module_name: name,
    version: "1.0.0",
    capabilities: [],
    status: "running",
    health: "healthy",
    methods,
    api_version: 1,
  };
}

function storageHandlers(storage: FakeStorage): Handlers {
  return {
    "storage.get": (key) => storage.get(key),
    "storage.set": (key, value) => storage.set(key, value),
    "storage.delete": (key) => storage.delete(key),
    "storage.list": (options) => storage.list(Object(options)),
    "storage.atomic": (request) => storage.atomic(Object(request)),
    "storage.usage": () => storage.usage(),
    "storage.clear": () => storage.clear(),
  };
}

function fileHandlers(files: FakeFiles): Handlers {
  return {
    "fs.readFile": (path, options) => files.readFile(path, Object(options)),
    "fs.writeFile": (path, data, options) => files.writeFile(path, data, Object(options)),
    "fs.renameFile": (from, to) => files.renameFile(from, to),
    "fs.deleteFile": (path) => files.deleteFile(path),
    "fs.listDirectory": (path) => files.listDirectory(path ?? ""),
    "fs.createDirectory": (path) => files.createDirectory(path),
    "fs.getFileMetadata": (path) => files.getFileMetadata(path),
  };
}
