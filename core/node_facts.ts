import { resolve } from "node:path";
import type { Config } from "./config/mod.ts";
import type { HttpInit, NodeFacts } from "./http/mod.ts";
import type { Identity } from "./identity/mod.ts";
import { SERVICE_BITS } from "./services.ts";

/** `[http]` of the configuration in the words of the HTTP service. */
export function httpInit({ http }: Config, token: string): HttpInit {
  return {
    host: http.host,
    port: http.port,
    token,
    publicRead: http.public_read,
    corsOrigins: http.cors_origins,
    maxBodyBytes: http.max_body_bytes,
    rateLimitPerMinute: http.rate_limit_per_minute,
    maxSseClients: http.max_sse_clients,
    maxWsClients: http.max_ws_clients,
    trustedSources: http.trusted_sources,
  };
}

/** What does not change while the node runs. */
export function nodeFacts(
  { config, version }: { readonly config: Config; readonly version: string },
  identity: Identity,
  startedAt: number,
): NodeFacts {
  return {
    name: config.node.name,
    version,
    network: config.node.network,
    peerId: identity.peerId,
    nodeId: identity.nodeId,
    userAgent: `commons-node/${version}`,
    services: SERVICE_BITS,
    startedAt,
    dataDir: dataDirOf(config),
  };
}

/** Content of `run.json`. */
export function runFile(
  facts: NodeFacts,
  addresses: { readonly http: string; readonly p2p: readonly string[] },
) {
  const { version, peerId, nodeId, startedAt } = facts;
  return {
    pid: Deno.pid,
    version,
    network: facts.network,
    peerId,
    nodeId,
    ...addresses,
    startedAt: new Date(startedAt).toISOString(),
  };
}

/** The data dir as an absolute path. */
export function dataDirOf(config: Config): string {
  return resolve(config.node.data_dir);
}
