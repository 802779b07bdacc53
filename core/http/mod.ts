/**
 * The node's HTTP API: REST, JSON-RPC, server-sent events, WebSocket notifications, OpenAPI, dashboard.
 * @module
 */
export { NODE_RPC_METHODS } from "./rpc/node_methods.ts";
export { createHttpService } from "./service.ts";
export type {
  HealthSource,
  HttpApp,
  HttpBans,
  HttpComponents,
  HttpInit,
  HttpModules,
  HttpP2p,
  HttpService,
  NodeFacts,
  RequestInfo,
} from "./types.ts";
