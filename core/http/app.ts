import { Hono } from "hono";
import { CommonsError } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Caller, Guard } from "./guard.ts";
import type { HostCheck } from "./host_check.ts";
import { notFound, problem, problemOf } from "./problem.ts";
import type { RequestCounts } from "./request_counts.ts";
import { type RequestFacts, type Route, routerPath } from "./route.ts";
import type { HttpApp, RequestInfo } from "./types.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What the app is made from. */
export interface AppComponents {
  readonly guard: Guard;
  readonly hosts: HostCheck;
  readonly counts: RequestCounts;
  readonly logger: Logger;
}

type Router = Hono<{ Bindings: RequestFacts }>;

/**
 * Guard, then routes. There is no middleware: one guard call answers all that is asked of every request, and the few
 * routes that are asked very often skip the router. With nothing to wait for, the answer comes without a promise.
 */
export function createApp(components: AppComponents, routes: readonly Route[]): HttpApp {
  const { guard, counts, logger } = components;
  const router = createRouter(routes, logger);
  const quick = new Map(
    routes.flatMap((route) => route.quick === undefined ? [] : [[route.path, route.quick]]),
  );

  const finish = (response: Response, origin: string | null): Response => {
    counts.count(response.status);
    return origin === null ? response : withCors(response, origin, components.hosts);
  };
  const answer = (request: Request, info: RequestInfo | undefined): Response | Promise<Response> => {
    const url = request.url;
    const pathStart = url.indexOf("/", 7); // after "http://"
    const caller = guard.admit(request, { url, pathStart }, info);
    if (caller instanceof Response) return finish(caller, request.headers.get("origin"));
    const short = request.method === "GET" ? quick.get(url.slice(pathStart)) : undefined;
    if (short !== undefined) {
      if (caller.origin !== null) return finish(short(), caller.origin);
      counts.count(200);
      return short();
    }
    return route(request, caller, info);
  };
  const route = (request: Request, caller: Caller, info: RequestInfo | undefined) => {
    const response = router.fetch(request, { caller, info });
    return response instanceof Promise
      ? response.then((late) => finish(late, caller.origin))
      : finish(response, caller.origin);
  };
  const fetch = (request: Request, info?: RequestInfo): Response | Promise<Response> => {
    try {
      return answer(request, info);
    } catch (error) {
      return finish(problemOf(error, { logger }), null);
    }
  };
  return {
    fetch,
    request: async (path, init, info) => await fetch(new Request(`http://localhost${path}`, init), info),
  };
}

function createRouter(routes: readonly Route[], logger: Logger): Router {
  const router: Router = new Hono<{ Bindings: RequestFacts }>();
  for (const { method, path, handler } of routes) router.on(method, routerPath(path), handler);
  router.onError((error, c) => {
    const { signal } = c.req.raw;
    // What waited for the answer was told so: no fault of the node, and nobody reads this.
    if (signal.aborted && error === signal.reason) {
      return problem("REQUEST_TIMEOUT", "Cannot answer: the client is gone");
    }
    return problemOf(error, { logger });
  });
  router.notFound((c) => {
    const allowed = allowedMethods(router, c.req.path);
    if (allowed.length === 0) return problemOf(notFound(), { logger });
    const headers = { allow: allowed.join(", ") };
    if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers });
    const response = problemOf(
      new CommonsError("METHOD_NOT_ALLOWED", `Cannot ${c.req.method} this: the path takes ${headers.allow}`),
      { logger },
    );
    response.headers.set("allow", headers.allow);
    return response;
  });
  return router;
}

function allowedMethods(router: Router, path: string): readonly string[] {
  const found = METHODS.filter((method) => router.router.match(method, path)[0].length > 0);
  return found.includes("GET") ? ["GET", "HEAD", ...found.filter((method) => method !== "GET")] : found;
}

function withCors(response: Response, origin: string, hosts: HostCheck): Response {
  if (response.status === 101 || !hosts.isListed(origin)) return response;
  response.headers.set("access-control-allow-origin", origin);
  response.headers.append("vary", "Origin");
  response.headers.set("access-control-expose-headers", "retry-after, www-authenticate");
  return response;
}
