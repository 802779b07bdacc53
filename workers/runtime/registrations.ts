import type { EventType } from "../sdk/events.ts";
import type {
  Cli,
  Command,
  CommandArgs,
  EventHandler,
  Events,
  Http,
  HttpHandler,
  Log,
  ModuleEvent,
} from "../sdk/types.ts";
import type { NodeCalls } from "./node_calls.ts";

/** A handler of whichever type of event; it only gets events of its own. */
type AnyHandler = (payload: unknown, event: ModuleEvent) => void | Promise<void>;
type RpcHandler = (params: unknown) => unknown;

/**
 * What a module registered: the handlers stay here, the node learns only their names. Registrations made while the
 * module starts are awaited before it counts as started, so that a refused one is an error of the start.
 */
export class Registrations {
  readonly #calls: NodeCalls;
  readonly #log: Log;
  readonly #events = new Map<string, Set<AnyHandler>>();
  readonly #commands = new Map<string, (args: CommandArgs) => unknown>();
  readonly #routes = new Map<number, HttpHandler>();
  readonly #exposed = new Map<string, (params: unknown, caller: string) => unknown>();
  readonly #rpc = new Map<string, RpcHandler>();
  #starting: Promise<unknown>[] | undefined = [];

  constructor(calls: NodeCalls, log: Log) {
    this.#calls = calls;
    this.#log = log;
  }

  /** Resolves when all registrations so far stand; rejects with the first refusal. */
  async settled(): Promise<void> {
    for (let waiting = this.#starting; waiting && waiting.length > 0; waiting = this.#starting) {
      this.#starting = [];
      await Promise.all(waiting);
    }
    this.#starting = undefined;
  }

  readonly events: Events = Object.freeze({
    on: <T extends EventType>(type: T, typed: EventHandler<T>) => {
      const handler = typed as AnyHandler; // it is kept under its type

      let handlers = this.#events.get(type);
      if (!handlers) {
        handlers = new Set();
        this.#events.set(type, handlers);
        this.#register("events.subscribe", [[type]]);
      }
      handlers.add(handler);
      return () => this.events.off(type, typed);
    },
    off: <T extends EventType>(type: T, typed?: EventHandler<T>) => {
      const handler = typed as AnyHandler | undefined; // it is kept under its type

      const handlers = this.#events.get(type);
      if (!handlers) return;
      if (handler) handlers.delete(handler);
      if (handler && handlers.size > 0) return;
      this.#events.delete(type);
      this.#register("events.unsubscribe", [[type]]);
    },
    publish: async (type: string, payload: unknown) => {
      await this.#calls.call("events.publish", [type, payload]);
    },
  });

  readonly cli: Cli = Object.freeze({
    command: (command: Command, handler: (args: CommandArgs) => unknown) => {
      const { name, about, args = [] } = command;
      this.#commands.set(name, handler);
      this.#register("cli.register", [about === undefined ? { name, args } : { name, about, args }]);
    },
  });

  readonly http: Http = Object.freeze({
    get: (path: string, handler: HttpHandler) => this.#route("GET", path, handler),
    post: (path: string, handler: HttpHandler) => this.#route("POST", path, handler),
    put: (path: string, handler: HttpHandler) => this.#route("PUT", path, handler),
    delete: (path: string, handler: HttpHandler) => this.#route("DELETE", path, handler),
    on: (method: string, path: string, handler: HttpHandler) =>
      this.#route(method.toUpperCase(), path, handler),
  });

  expose(method: string, handler: (params: unknown, caller: string) => unknown): void {
    this.#exposed.set(method, handler);
    this.#register("api.expose", [method]);
  }

  /** Takes it back; calls that are under way get their answer. */
  unexpose(method: string): void {
    if (this.#exposed.delete(method)) this.#register("api.unexpose", [method]);
  }

  registerRpc(method: string, description: string, handler: RpcHandler): Promise<void> {
    return this.#addRpc("rpc.register", [method, description], handler);
  }

  unregisterRpc(method: string): Promise<void> {
    return this.#removeRpc("rpc.unregister", method);
  }

  registerOverride(method: string, description: string, handler: RpcHandler): Promise<void> {
    return this.#addRpc("rpc.registerCoreRpcOverride", [method, description], handler);
  }

  unregisterOverride(method: string): Promise<void> {
    return this.#removeRpc("rpc.unregisterCoreRpcOverride", method);
  }

  dispatchEvent(event: ModuleEvent): void {
    for (const handler of this.#events.get(event.type) ?? []) {
      try {
        const result = handler(event.payload, event);
        if (result instanceof Promise) result.catch((error) => this.#handlerThrew(event.type, error));
      } catch (error) {
        this.#handlerThrew(event.type, error);
      }
    }
  }

  command(subcommand: string): ((args: CommandArgs) => unknown) | undefined {
    return this.#commands.get(subcommand);
  }
  route(index: number): HttpHandler | undefined {
    return this.#routes.get(index);
  }
  exposed(method: string): ((params: unknown, caller: string) => unknown) | undefined {
    return this.#exposed.get(method);
  }
  rpc(method: string): RpcHandler | undefined {
    return this.#rpc.get(method);
  }

  /** The module waits for this one itself, so a refusal is its to handle and not an error of the start. */
  async #addRpc(call: string, params: readonly [method: string, description: string], handler: RpcHandler) {
    await this.#calls.call(call, params);
    this.#rpc.set(params[0], handler);
  }

  async #removeRpc(call: string, method: string): Promise<void> {
    await this.#calls.call(call, [method]);
    this.#rpc.delete(method);
  }

  #route(method: string, pattern: string, handler: HttpHandler): void {
    this.#register(
      "http.register",
      [{ method, pattern }],
      (index) => this.#routes.set(index as number, handler),
    );
  }

  #register(method: string, params: readonly unknown[], done?: (value: unknown) => void): Promise<unknown> {
    const registered = this.#calls.call(method, params).then((value) => {
      done?.(value);
      return value;
    });
    if (this.#starting) {
      this.#starting.push(registered);
      registered.catch(() => {}); // `settled` reports it
    } else {
      registered.catch((error) =>
        this.#log.error("a registration was refused", { method, error: error.message })
      );
    }
    return registered;
  }

  #handlerThrew(type: string, error: unknown): void {
    this.#log.error("an event handler threw", {
      type,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
