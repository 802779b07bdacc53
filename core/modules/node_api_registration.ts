import type { ApiRegistry, RpcRegistry } from "./api_registry.ts";
import type { CliRegistry } from "./cli_registry.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";
import type { RouteRegistry } from "./route_registry.ts";
import type { RpcOverrides } from "./rpc_overrides.ts";

/** Where modules put what others may ask of them. */
export interface Registries {
  readonly cli: CliRegistry;
  readonly routes: RouteRegistry;
  readonly api: ApiRegistry;
  readonly rpc: RpcRegistry;
  readonly overrides: RpcOverrides;
}

/**
 * `cli.register command`, `http.register {method, pattern}` (answers the route's index), `api.expose method`,
 * `api.unexpose method`, `rpc.register method description`, `rpc.unregister method`,
 * `rpc.registerCoreRpcOverride method description`, `rpc.unregisterCoreRpcOverride method`.
 * Commands and routes live in the module's own namespace and need no capability.
 */
export function registrationMethods(registries: Registries): NodeMethodTable {
  return { ...ownSpaceMethods(registries), ...rpcMethods(registries) };
}

function ownSpaceMethods({ cli, routes, api }: Registries): NodeMethodTable {
  return {
    ...method("cli.register", {
      capability: null,
      most: 1,
      run: (caller, params) => cli.register(caller.name, params.at(0)),
    }),
    ...method("http.register", {
      capability: null,
      most: 1,
      run: (caller, params) => {
        const { method: verb, pattern } = params.options(0, "route");
        if (typeof verb !== "string" || typeof pattern !== "string") {
          throw params.fault("'method' and 'pattern' must be text");
        }
        return routes.register(caller.name, verb, pattern);
      },
    }),
    ...method("api.expose", {
      capability: "register_module_api",
      most: 1,
      run: (caller, params) => api.expose(caller.name, params.text(0, "method")),
    }),
    ...method("api.unexpose", {
      capability: "register_module_api",
      most: 1,
      run: (caller, params) => api.unexpose(caller.name, params.text(0, "method")),
    }),
  };
}

function rpcMethods({ rpc, overrides }: Registries): NodeMethodTable {
  return {
    ...method("rpc.register", {
      capability: "register_rpc_endpoint",
      most: 2,
      run: (caller, params) => {
        params.optionalText(1, "description", 1_000);
        rpc.register(caller.name, params.text(0, "method"));
      },
    }),
    ...method("rpc.unregister", {
      capability: "register_rpc_endpoint",
      most: 1,
      run: (caller, params) => rpc.unregister(caller.name, params.text(0, "method")),
    }),
    ...method("rpc.registerCoreRpcOverride", {
      capability: "register_rpc_endpoint",
      most: 2,
      run: (caller, params) => {
        params.optionalText(1, "description", 1_000);
        overrides.register(caller.name, params.text(0, "method"), { declared: caller.rpcOverrides });
      },
    }),
    ...method("rpc.unregisterCoreRpcOverride", {
      capability: "register_rpc_endpoint",
      most: 1,
      run: (caller, params) => overrides.unregister(caller.name, params.text(0, "method")),
    }),
  };
}
