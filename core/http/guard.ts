import type { Clock, ErrorCode } from "../base/mod.ts";
import { isLoopback, remoteHost, sourceKey } from "./address.ts";
import type { HostCheck } from "./host_check.ts";
import { problem } from "./problem.ts";
import { createRateLimit } from "./rate_limit.ts";
import { createTokenCheck } from "./token_check.ts";
import type { HttpBans, HttpInit, RequestInfo } from "./types.ts";

/** Who asks, as far as the node knows. */
export interface Caller {
  /** What limits count by: an address or an IPv6 /64. */
  readonly source: string;
  /** Address of a client that is not on loopback, else "". */
  readonly remote: string;
  /** On this machine and not through a proxy that says so. */
  readonly loopback: boolean;
  /** Showed the API token. */
  readonly authorised: boolean;
  /** `Origin` header; allowed when it is there. */
  readonly origin: string | null;
}

/** A request's address, taken apart once: the URL's text and where its path begins. */
export interface Target {
  readonly url: string;
  readonly pathStart: number;
}

/** One check before everything else. */
export interface Guard {
  /** The caller, or the answer that ends the request. */
  admit(request: Request, target: Target, info: RequestInfo | undefined): Caller | Response;
}

const MAX_URL = 8192;
const MAX_HEADERS = 100;
const FAILED_AUTHS_PER_MINUTE = 10;
const LOCAL: Caller = Object.freeze({
  source: "127.0.0.1",
  remote: "",
  loopback: true,
  authorised: false,
  origin: null,
});
const ANYONE: Caller = Object.freeze({
  source: "",
  remote: "",
  loopback: false,
  authorised: false,
  origin: null,
});

/**
 * Ban, host, origin, rate and token, in this order. Rules:
 * - A banned address gets 403 for everything. Loopback is never looked up, so the operator can always lift a ban.
 * - Reads (GET, HEAD) from loopback need no token, nor do `/health` and `/ready` from anywhere. Module routes are
 *   under the same rule.
 * - `POST /rpc` is let through wherever reads are; the methods check `authorised` one by one.
 * - A request that came through a proxy (`Forwarded`, `X-Forwarded-For`) is not one from loopback; what these headers
 *   claim is not believed.
 * - Loopback is exempt from the rate limit: it is the operator's own machine, and behind a local proxy everybody.
 * - A wrong token is counted per source; once there were too many the answer is 429 instead of 401, but a right token is
 *   always taken, so nobody can lock the operator out. Guessing 256 bits is hopeless either way.
 */
export function createGuard(
  components: {
    readonly clock: Clock;
    readonly hosts: HostCheck;
    readonly bans: Pick<HttpBans, "hasAddresses" | "isBannedIp">;
    /** Told of each answer 429. */
    readonly onLimited?: (what: "requests" | "wrong tokens") => void;
  },
  init: Pick<HttpInit, "token" | "publicRead" | "rateLimitPerMinute">,
): Guard {
  const { hosts, clock, bans } = components;
  const tooMany = (what: "requests" | "wrong tokens") => {
    components.onLimited?.(what);
    return limited(what, 60);
  };
  const checkToken = createTokenCheck(init.token);
  const rate = createRateLimit(clock, init.rateLimitPerMinute);
  const failures = createRateLimit(clock, FAILED_AUTHS_PER_MINUTE);

  const authorise = (request: Request, path: string, caller: Caller): Caller | Response => {
    const verdict = checkToken(request.headers.get("authorization"));
    if (verdict === "valid") return { ...caller, authorised: true };
    if (isOpen(path)) return caller;
    if (verdict === "wrong" && !failures.take(caller.source)) return tooMany("wrong tokens");
    const needsNone = verdict === "none" && (caller.loopback || init.publicRead);
    if (needsNone && (isRead(request.method) || path === "/rpc")) return caller;
    return problem("UNAUTHORIZED", `Cannot ${request.method} this: ${tokenFault(verdict)}`, {
      headers: { "www-authenticate": 'Bearer realm="commons"' },
    });
  };

  const isBanned = (info: RequestInfo): boolean => {
    const remote = remoteHost(info.remoteAddr);
    return !isLoopback(remote) && bans.isBannedIp(remote);
  };

  return {
    admit(request, { url, pathStart }, info) {
      if (info !== undefined && bans.hasAddresses() && isBanned(info)) {
        return refuse("BANNED", "this address is banned");
      }
      if (url.length > MAX_URL) return refuse("URI_TOO_LONG", `the address is over ${MAX_URL} characters`);
      const host = url.slice(7, pathStart); // after "http://"
      if (!hosts.allowsHost(host)) return refuse("FORBIDDEN_HOST", "the Host header names another host");
      const { headers, method } = request;
      const origin = headers.get("origin");
      if (origin !== null && !hosts.allowsOrigin(origin, host)) {
        return refuse("FORBIDDEN_ORIGIN", "pages of this origin may not call the node");
      }
      if (origin === null && method === "GET" && url.length === pathStart + 7 && url.endsWith("/health")) {
        return ANYONE; // asked often and the same for all, so who asks is not looked at
      }
      const remote = info === undefined ? LOCAL.source : remoteHost(info.remoteAddr);
      const near = isLoopback(remote);
      const loopback = near && !headers.has("x-forwarded-for") && !headers.has("forwarded");
      if (loopback && origin === null && method === "GET") return LOCAL; // reads ask for no more
      const path = pathOf(url, pathStart);
      const source = near ? LOCAL.source : sourceKey(remote);
      if (!near) {
        if (countHeaders(headers) > MAX_HEADERS) {
          return refuse("TOO_MANY_HEADERS", `over ${MAX_HEADERS} header fields`);
        }
        if (!isOpen(path) && !rate.take(source)) return tooMany("requests");
      }
      if (method === "OPTIONS" && origin !== null && headers.has("access-control-request-method")) {
        return preflight(headers);
      }
      const caller = { source, remote: near ? "" : remote, loopback, authorised: false, origin };
      return authorise(request, path, caller);
    },
  };
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function isOpen(path: string): boolean {
  return path === "/health" || path === "/ready";
}

function pathOf(url: string, pathStart: number): string {
  const query = url.indexOf("?", pathStart);
  return query === -1 ? url.slice(pathStart) : url.slice(pathStart, query);
}

function countHeaders(headers: Headers): number {
  let count = 0;
  for (const _ of headers) count++;
  return count;
}

function tokenFault(verdict: "none" | "wrong" | "valid"): string {
  return verdict === "none" ? "it needs the API token as Authorization: Bearer" : "the API token is wrong";
}

function refuse(code: ErrorCode, why: string): Response {
  return problem(code, `Cannot answer this request: ${why}`);
}

function limited(what: string, seconds: number): Response {
  return problem("RATE_LIMITED", `Cannot answer this request: too many ${what} from this address`, {
    headers: { "retry-after": String(seconds) },
  });
}

/** Only listed origins get here without being refused or same-origin; the headers of the grant itself come with all answers. */
function preflight(headers: Headers): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": "authorization, content-type, last-event-id",
      "access-control-max-age": "600",
      ...(headers.has("access-control-request-private-network")
        ? { "access-control-allow-private-network": "true" }
        : {}),
    },
  });
}
