import { parseModuleName, withDeadline } from "../../base/mod.ts";
import { type BodyOptions, readBody } from "../body.ts";
import type { AppContext, Route } from "../route.ts";
import type { HttpComponents } from "../types.ts";

const MAX_BODY = 1024 * 1024;
const MAX_QUERY = 100;
const DEADLINE_MS = 65_000;
const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization", "x-api-key"]);

/**
 * Routes that modules registered. They follow the rule of the API (reads on loopback are open, all else needs the token):
 * a request runs a module's code with what the operator granted to it, so it must come from where the operator is.
 * Answers are sandboxed by their CSP: pages of modules share the node's address and must not act as the node's own page.
 */
export function moduleHttpRoute(
  { modules, clock }: Pick<HttpComponents, "modules" | "clock">,
  body: BodyOptions,
): Route {
  const limits = { ...body, maxBytes: Math.min(body.maxBytes, MAX_BODY) };
  return {
    method: "ALL",
    path: "/modules/{name}/http/*",
    tag: "modules",
    summary: "What a module serves itself.",
    answer: { type: "*/*" },
    codes: ["MODULE_NOT_FOUND", "MODULE_NOT_RUNNING", "NO_SUCH_ROUTE", "MODULE_FAILED", "TIMEOUT"],
    async handler(c) {
      const name = parseModuleName(c.req.param("name"));
      const { raw } = c.req;
      const request = {
        method: raw.method,
        path: pathInside(raw.url),
        query: queryOf(c),
        headers: withoutCredentials(raw.headers),
        body: await readBody(raw, limits),
      };
      const work = modules.handleHttp(name, request);
      const answer = await withDeadline(clock, DEADLINE_MS, work, `reach module ${name}`);
      const empty = [204, 205, 304].includes(answer.status);
      return new Response(empty ? null : new Uint8Array(answer.body), {
        status: goodStatus(answer.status),
        headers: answer.headers,
      });
    },
  };
}

/** The path after `/modules/<name>/http`, as it was sent: percent-encoded. */
function pathInside(url: string): string {
  const start = url.indexOf("/", 7); // after "http://"
  const end = url.slice(start).search(/[?#]/);
  const path = end === -1 ? url.slice(start) : url.slice(start, start + end);
  return "/" + path.split("/").slice(4).join("/");
}

function queryOf(c: AppContext): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(c.req.query()).slice(0, MAX_QUERY));
}

/** What else a module is told of a request is the module host's decision; the node's own token stays here. */
function withoutCredentials(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !CREDENTIALS.has(name)));
}

/** A module that answers a status that cannot be sent is at fault, not the node. */
function goodStatus(status: number): number {
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 502;
}
