import type { InitMessage } from "../protocol/mod.ts";
import type {
  Api,
  Atomic,
  Key,
  Log,
  ModuleNode,
  Modules,
  Rpc,
  Storage,
  Timers,
  Value,
} from "../sdk/types.ts";
import type { Channel } from "./channel.ts";
import { groupMethods } from "./groups.ts";
import type { Registrations } from "./registrations.ts";

/** Makes the `node` that a module gets. It only turns calls into messages: the node checks and does everything. */
export function createNode(
  parts: { init: InitMessage; channel: Channel; registrations: Registrations; log: Log; signal: AbortSignal },
): ModuleNode {
  const { init, channel, registrations, log, signal } = parts;
  const groups = groupMethods(channel);
  return Object.freeze({
    id: init.id,
    name: init.name,
    version: init.version,
    config: deepFreeze(init.config),
    dataDir: init.dataDir,
    log,
    events: registrations.events,
    storage: createStorage(channel),
    timers: createTimers(log, signal),
    cli: registrations.cli,
    http: registrations.http,
    rpc: createRpc(registrations),
    api: createApi(registrations),
    modules: createModules(channel),
    ...groups,
    signal,
  });
}

function createStorage(channel: Channel): Storage {
  return Object.freeze({
    async get<T>(key: Key): Promise<T | undefined> {
      const value = await channel.call("storage.get", [key]);
      return (value ?? undefined) as T | undefined;
    },
    async set(key: Key, value: Value) {
      await channel.call("storage.set", [key, value]);
    },
    async delete(key: Key) {
      await channel.call("storage.delete", [key]);
    },
    list: (options = {}) => channel.call("storage.list", [options]) as Promise<never>,
    atomic: () => createAtomic(channel),
  });
}

function createAtomic(channel: Channel): Atomic {
  const checks: unknown[] = [];
  const mutations: unknown[] = [];
  const atomic: Atomic = {
    check: (key, expected) => (checks.push({ key, value: expected }), atomic),
    set: (key, value) => (mutations.push({ type: "set", key, value }), atomic),
    delete: (key) => (mutations.push({ type: "delete", key }), atomic),
    commit: async () => await channel.call("storage.atomic", [{ checks, mutations }]) === true,
  };
  return Object.freeze(atomic);
}

function createTimers(log: Log, signal: AbortSignal): Timers {
  const guarded = (fn: () => void | Promise<void>) => async () => {
    try {
      await fn();
    } catch (error) {
      log.error("a timer threw", { error: error instanceof Error ? error.message : String(error) });
    }
  };
  return Object.freeze({
    after(ms: number, fn: () => void | Promise<void>) {
      const id = setTimeout(guarded(fn), ms);
      signal.addEventListener("abort", () => clearTimeout(id), { once: true });
      return () => clearTimeout(id);
    },
    every(ms: number, fn: () => void | Promise<void>) {
      const id = setInterval(guarded(fn), ms);
      signal.addEventListener("abort", () => clearInterval(id), { once: true });
      return () => clearInterval(id);
    },
  });
}

function createRpc(registrations: Registrations): Rpc {
  return Object.freeze({
    register: (method: string, description: string, handler: (params: unknown) => unknown) =>
      registrations.registerRpc(method, description, handler),
    unregister: (method: string) => registrations.unregisterRpc(method),
  });
}

function createApi(registrations: Registrations): Api {
  return Object.freeze({
    expose: (method: string, handler: (params: unknown, caller: string) => unknown) =>
      registrations.expose(method, handler),
  });
}

function createModules(channel: Channel): Modules {
  return Object.freeze({
    call: (module: string, method: string, params: Value = null) =>
      channel.call("modules.call", [module, method, params]) as Promise<never>,
    list: () => channel.call("modules.list", []) as Promise<never>,
    info: async (module: string) => (await channel.call("modules.info", [module]) ?? undefined) as never,
    available: async (module: string) => await channel.call("modules.available", [module]) === true,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
