/**
 * One side of `http_health` and `http_api`: `node` is the node's HTTP service with its real telemetry and events,
 * `bare <body of /api/v1/node>` a Hono app of two lines that answers the same. Says its port, then serves until killed.
 */
import { Hono } from "hono";
import { createBanService } from "../../../core/bans/mod.ts";
import { systemClock, systemRandom } from "../../../core/base/mod.ts";
import { openHeaderChain } from "../../../core/chain/mod.ts";
import { createEventBus } from "../../../core/events/mod.ts";
import { createHttpService, type HttpModules, type HttpP2p, type NodeFacts } from "../../../core/http/mod.ts";
import { memoryStore } from "../../../core/store/mod.ts";
import { createHealth, createLogger, createMetrics } from "../../../core/telemetry/mod.ts";

const NODE: NodeFacts = {
  name: "commons",
  version: "0.1.0",
  network: "mainnet",
  peerId: "12D3KooWGRUahJhsZr7UmYJfGWGjNzWbTnAxdDeXDkxeWcuMBuAP",
  nodeId: "ab".repeat(32),
  userAgent: "commons-node/0.1.0",
  services: 2 ** 29,
  startedAt: Date.now() - 1_000_000_000, // long ago: the number of digits does not change while it is measured
};

function unused(): never {
  throw new Error("Cannot do this: not part of the bench");
}

const p2p: HttpP2p = {
  listening: () => [`/ip4/127.0.0.1/tcp/9905/p2p/${NODE.peerId}`],
  peers: unused,
  addPeer: unused,
  removePeer: unused,
  publish: unused,
  stats: unused,
  claimOf: unused,
  ownStatus: unused,
  onNotification: unused,
};

const modules: HttpModules = {
  discover: unused,
  list: unused,
  get: unused,
  load: unused,
  unload: unused,
  reload: unused,
  approve: unused,
  revoke: unused,
  logs: unused,
  audit: unused,
  api: unused,
  cliSpecs: unused,
  runCli: unused,
  handleHttp: unused,
  call: unused,
  rpcMethods: () => [],
  callRpc: unused,
};

async function serveNode(): Promise<string> {
  const metrics = createMetrics();
  const logger = createLogger({ level: "warn", format: "json", write: console.error, clock: systemClock });
  const clock = systemClock;
  const events = createEventBus({ clock, logger, metrics });
  const bans = createBanService(
    { store: memoryStore(), clock, logger, metrics, events },
    { defaultDurationMs: 86_400_000, maxEntries: 1000, threshold: 100 },
  );
  const store = memoryStore();
  const chain = await openHeaderChain(
    { store, events, clock, random: systemRandom, logger, metrics },
    { network: "mainnet" },
  );
  const service = createHttpService(
    { p2p, bans, chain, modules, events, metrics, health: createHealth(), logger, clock, node: NODE },
    {
      host: "127.0.0.1",
      port: 0,
      token: "ab".repeat(32),
      publicRead: false,
      corsOrigins: [],
      maxBodyBytes: 1024 * 1024,
      rateLimitPerMinute: 600,
      maxSseClients: 1000,
      maxWsClients: 1000,
    },
  );
  return new URL((await service.start()).url).port;
}

function serveBare(body: string): string {
  const view: unknown = JSON.parse(body);
  const app = new Hono();
  app.get("/health", (c) => c.text("OK"));
  app.get("/api/v1/node", (c) => c.json(view as Record<string, unknown>)); // it was an object when it was fetched
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  return String(server.addr.port);
}

const [side, body = "{}"] = Deno.args;
console.log(`port ${side === "node" ? await serveNode() : serveBare(body)}`);
