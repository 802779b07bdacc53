import { CommonsError, errorText, withDeadline } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { createApp } from "./app.ts";
import { createEventHub } from "./event_hub.ts";
import { createGuard } from "./guard.ts";
import { createHostCheck, isWildcard, urlHost } from "./host_check.ts";
import { exposeNode } from "./node_metrics.ts";
import { problemOf } from "./problem.ts";
import { createRequestCounts } from "./request_counts.ts";
import { banRoutes } from "./routes/bans.ts";
import { blockRoutes } from "./routes/blocks.ts";
import { chainRoutes } from "./routes/chain.ts";
import { mempoolRoutes } from "./routes/mempool.ts";
import { moduleHttpRoute } from "./routes/module_http.ts";
import { moduleRoutes } from "./routes/modules.ts";
import { networkRoutes } from "./routes/network.ts";
import { pageRoutes } from "./routes/pages.ts";
import { rpcRoute } from "./routes/rpc.ts";
import { streamRoutes } from "./routes/streams.ts";
import { systemRoutes } from "./routes/system.ts";
import { unavailableRoutes } from "./routes/unavailable.ts";
import { createMethodTable } from "./rpc/method_table.ts";
import { rpcTimes } from "./rpc/rpc_times.ts";
import { createSocketHub } from "./socket_hub.ts";
import { trustedSources } from "./trusted_sources.ts";
import type { HttpComponents, HttpInit, HttpService } from "./types.ts";

const MAX_CLIENT_BYTES = 1024 * 1024;
const DRAIN_MS = 2000;

/**
 * The HTTP API: REST, JSON-RPC, event streams, WebSockets, pages.
 *
 * What this does not protect from: `Deno.serve` has no limit on connections and no deadline for a request's head, so a
 * client that sends its head slowly holds a connection (a file descriptor and a few KiB) as long as it likes. Heads over
 * some 400 KiB and addresses over 64 KiB end with 400 by themselves. A WebSocket frame is held whole, up to 64 MiB, before
 * its size is known and its sender sent away. Where strangers can connect, put a proxy in front.
 *
 * @throws {CommonsError} `INVALID_CORS_ORIGIN`, `INVALID_TRUSTED_SOURCE`
 */
export function createHttpService(components: HttpComponents, init: HttpInit): HttpService {
  const { bans, clock, logger, metrics } = components;
  let port = init.port;
  const hosts = createHostCheck({ host: init.host, corsOrigins: init.corsOrigins, port: () => port });
  const limited = metrics.counter({
    name: "commons_http_rate_limited_total",
    help: "Requests answered with 429, by what there were too many of.",
    labels: ["what"],
  });
  exposeNode(metrics, components.node);
  const onLimited = (what: string) => limited.inc({ what: what.replace(" ", "_") });
  const guard = createGuard({ clock, hosts, bans, onLimited }, init);
  const counts = createRequestCounts(metrics);
  const maxBytes = init.maxClientBytes ?? MAX_CLIENT_BYTES;
  const isTrusted = trustedSources(init.trustedSources ?? []);
  const hubs = {
    events: createEventHub(components, { maxClients: init.maxSseClients, maxBytes, isTrusted }),
    sockets: createSocketHub(components, {
      maxClients: init.maxWsClients,
      maxBytes,
      isTrusted,
      idleSeconds: init.wsIdleSeconds,
    }),
  };
  const listening = bans.onBan(({ kind }) => {
    if (kind === "peer") return;
    const isBanned = (remote: string) => remote !== "" && bans.isBannedIp(remote);
    hubs.events.drop(isBanned);
    hubs.sockets.drop(isBanned);
  });
  const routes = allRoutes(components, { init, hubs, counts });
  const app = createApp({ guard, hosts, counts, logger }, routes);
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;

  return {
    app,
    // deno-lint-ignore require-await -- listening is at once today; callers need not know
    async start() {
      server = listen(init, { app, logger });
      port = server.addr.port;
      const url = `http://${isWildcard(init.host) ? "127.0.0.1" : urlHost(init.host)}:${port}`;
      logger.info("http listening", { url });
      return { url };
    },
    async stop() {
      listening[Symbol.dispose]();
      hubs.events.close();
      hubs.sockets.close();
      if (server === undefined) return;
      const closing = server;
      server = undefined;
      try {
        await withDeadline(clock, DRAIN_MS, closing.shutdown(), "stop the HTTP service");
      } catch (error) {
        // They end with what they wait for, or with the process. Aborting the server now would throw where nobody can
        // catch it: Deno takes a server that is shutting down for closed.
        logger.warn("http requests are still under way", { error: errorText(error) });
      }
    },
  };
}

type RouteInit = {
  readonly init: HttpInit;
  readonly hubs: Parameters<typeof streamRoutes>[0];
  readonly counts: ReturnType<typeof createRequestCounts>;
};

function allRoutes(components: HttpComponents, { init, hubs, counts }: RouteInit) {
  const { clock, node } = components;
  const body = { maxBytes: init.maxBodyBytes, clock };
  const startedAt = clock.monotonic() - Math.max(0, clock.now() - node.startedAt);
  const uptimeSeconds = () => Math.floor((clock.monotonic() - startedAt) / 1000);
  const table = createMethodTable({ ...components, uptimeSeconds, now: () => clock.now() });
  const routes = [
    ...systemRoutes(components, { uptimeSeconds, counts }),
    ...networkRoutes(components, body),
    ...banRoutes(components, body),
    ...chainRoutes(components, body),
    ...blockRoutes(components, body),
    ...mempoolRoutes(components, body),
    ...moduleRoutes(components, body),
    ...streamRoutes(hubs),
    rpcRoute({ ...components, table, onTimed: rpcTimes(components.metrics) }, body),
    moduleHttpRoute(components, body),
    ...unavailableRoutes(),
  ];
  return [...routes, ...pageRoutes(routes, node)];
}

function listen(
  init: HttpInit,
  parts: { readonly app: HttpService["app"]; readonly logger: Logger },
): Deno.HttpServer<Deno.NetAddr> {
  const { app, logger } = parts;
  try {
    return Deno.serve({
      hostname: init.host,
      port: init.port,
      onListen: () => {},
      onError: (error) => problemOf(error, { logger }),
      handler: app.fetch,
    });
  } catch (cause) {
    const why = cause instanceof Deno.errors.AddrInUse ? "the address is in use" : errorText(cause);
    throw new CommonsError(
      "HTTP_LISTEN_FAILED",
      `Cannot listen for HTTP on ${urlHost(init.host)}:${init.port}: ${why}`,
      { cause, detail: { host: init.host, port: init.port } },
    );
  }
}
