import type { Cli, Command, CommandArgs, Events, Http, HttpHandler, Log, ModuleEvent } from "../sdk/types.ts";
import type { Channel } from "./channel.ts";

type EventHandler = (payload: unknown, event: ModuleEvent) => void | Promise<void>;

/**
 * What a module registered: the handlers stay here, the node learns only their names. Registrations made while the
 * module starts are awaited before it counts as started, so that a refused one is an error of the start.
 */
export class Registrations {
  readonly #channel: Channel;
  readonly #log: Log;
  readonly #events = new Map<string, Set<EventHandler>>();
  readonly #commands = new Map<string, (args: CommandArgs) => unknown>();
  readonly #routes = new Map<number, HttpHandler>();
  readonly #exposed = new Map<string, (params: unknown, caller: string) => unknown>();
  readonly #rpc = new Map<string, (params: unknown) => unknown>();
  #starting: Promise<unknown>[] | undefined = [];

  constructor(channel: Channel, log: Log) {
    this.#channel = channel;
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
    on: (type: string, handler: EventHandler) => {
      let handlers = this.#events.get(type);
      if (!handlers) {
        handlers = new Set();
        this.#events.set(type, handlers);
        this.#register("events.subscribe", [[type]]);
      }
      handlers.add(handler);
      return () => this.events.off(type, handler);
    },
    off: (type: string, handler?: EventHandler) => {
      const handlers = this.#events.get(type);
      if (!handlers) return;
      if (handler) handlers.delete(handler);
      if (handler && handlers.size > 0) return;
      this.#events.delete(type);
      this.#register("events.unsubscribe", [[type]]);
    },
    publish: async (type: string, payload: unknown) => {
      await this.#channel.call("events.publish", [type, payload]);
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

  async registerRpc(
    method: string,
    description: string,
    handler: (params: unknown) => unknown,
  ): Promise<void> {
    // The module waits for this one itself, so a refusal is its to handle and not an error of the start.
    await this.#channel.call("rpc.register", [method, description]);
    this.#rpc.set(method, handler);
  }

  async unregisterRpc(method: string): Promise<void> {
    await this.#channel.call("rpc.unregister", [method]);
    this.#rpc.delete(method);
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
  rpc(method: string): ((params: unknown) => unknown) | undefined {
    return this.#rpc.get(method);
  }

  #route(method: string, pattern: string, handler: HttpHandler): void {
    this.#register(
      "http.register",
      [{ method, pattern }],
      (index) => this.#routes.set(index as number, handler),
    );
  }

  #register(method: string, params: readonly unknown[], done?: (value: unknown) => void): Promise<unknown> {
    const registered = this.#channel.call(method, params).then((value) => {
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
