import type { InitMessage } from "../protocol/mod.ts";
import type { Api, Log, ModuleNode, Modules, NodeInfo, Rpc, Value } from "../sdk/types.ts";
import { groupMethods } from "./groups.ts";
import type { NodeCalls } from "./node_calls.ts";
import type { Registrations } from "./registrations.ts";
import { createStorage } from "./storage.ts";
import { createTimers, type Schedule, systemSchedule } from "./timers.ts";

/** What a `node` is made from. */
export interface NodeParts {
  readonly init: Omit<InitMessage, "source" | "net" | "maxFrameBytes">;
  readonly calls: NodeCalls;
  readonly registrations: Registrations;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly schedule?: Schedule;
}

/** Makes the `node` that a module gets. It only turns calls into messages: the node checks and does everything. */
export function createNode(parts: NodeParts): ModuleNode {
  const { init, calls, registrations, log, signal, schedule = systemSchedule } = parts;
  return Object.freeze({
    id: init.id,
    name: init.name,
    version: init.version,
    config: deepFreeze(init.config),
    dataDir: init.dataDir,
    info: () => calls.call("node.info", []) as Promise<NodeInfo>, // the node is trusted
    log,
    events: registrations.events,
    storage: createStorage(calls),
    timers: createTimers({ log, signal, schedule }),
    cli: registrations.cli,
    http: registrations.http,
    rpc: createRpc(registrations),
    api: createApi(registrations),
    modules: createModules(calls),
    ...groupMethods(calls),
    signal,
  });
}

function createRpc(registrations: Registrations): Rpc {
  return Object.freeze({
    register: (method: string, description: string, handler: (params: unknown) => unknown) =>
      registrations.registerRpc(method, description, handler),
    unregister: (method: string) => registrations.unregisterRpc(method),
    registerCoreRpcOverride: (method: string, description: string, handler: (params: unknown) => unknown) =>
      registrations.registerOverride(method, description, handler),
    unregisterCoreRpcOverride: (method: string) => registrations.unregisterOverride(method),
  });
}

function createApi(registrations: Registrations): Api {
  return Object.freeze({
    expose: (method: string, handler: (params: unknown, caller: string) => unknown) =>
      registrations.expose(method, handler),
    unexpose: (method: string) => registrations.unexpose(method),
  });
}

function createModules(calls: NodeCalls): Modules {
  return Object.freeze({
    call: (module: string, method: string, params: Value = null) =>
      calls.call("modules.call", [module, method, params]) as Promise<never>,
    list: () => calls.call("modules.list", []) as Promise<never>,
    info: async (module: string) => (await calls.call("modules.info", [module]) ?? undefined) as never,
    available: async (module: string) => await calls.call("modules.available", [module]) === true,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
