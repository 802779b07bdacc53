import type { Route } from "./fake_backend.ts";

/** A request besides its method and path. A body that is no text and no bytes is sent as JSON. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The route that answers, with its parameters, or the status by which the node refuses. */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: number; readonly params: Readonly<Record<string, string>> } | 404 | 405 {
  const segments = splitPath(path);
  const fitting = routes
    .map(({ method, pattern }, route) => ({ method, route, params: matchPattern(pattern, segments) }))
    .filter(({ params }) => params !== undefined)
    .sort((a, b) => Object.keys(a.params ?? {}).length - Object.keys(b.params ?? {}).length);
  if (fitting.length === 0) return 404;
  const verb = method.toUpperCase();
  const found = fitting.find((route) => route.method === verb) ??
    (verb === "HEAD" ? fitting.find((route) => route.method === "GET") : undefined);
  return found ? { route: found.route, params: found.params ?? {} } : 405;
}

function splitPath(path: string): readonly string[] {
  return path.replace(/^\//, "").replace(/\/$/, "").split("/").filter((part) => part !== "")
    .map(decodeURIComponent);
}

function matchPattern(
  pattern: string,
  path: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const parts = splitPath(pattern);
  if (parts.length !== path.length) return undefined;
  const params: [string, string][] = [];
  for (const [i, part] of parts.entries()) {
    const value = path[i] ?? "";
    if (part.startsWith(":")) params.push([part.slice(1), value]);
    else if (part !== value) return undefined;
  }
  return Object.fromEntries(params);
}

export function toRequest(
  { method, path, options, params }: {
    readonly method: string;
    readonly path: string;
    readonly options: RequestOptions;
    readonly params: Readonly<Record<string, string>>;
  },
) {
  const { query = {}, headers = {}, body } = options;
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method: method.toUpperCase(),
    path,
    params,
    query,
    headers: Object.fromEntries(lower),
    body: bytesOf(body),
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** What a route answered. */
export class FakeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;

  constructor(answer: unknown) {
    const { status = 200, headers = {}, body } = Object(answer);
    this.status = status;
    this.headers = headers;
    this.body = body instanceof Uint8Array ? body : new Uint8Array();
  }

  text(): string {
    return new TextDecoder().decode(this.body);
  }

  json(): unknown {
    return JSON.parse(this.text());
  }
}
