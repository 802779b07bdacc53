import { CommonsError } from "../base/mod.ts";

const MAX_ROUTES = 64;
const MAX_PATTERN = 256;
const MAX_SEGMENTS = 16;
const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
const EXACT = /^[A-Za-z0-9._~!$&'()+,=@-]+$/;
const PARAM = /^:[A-Za-z_][A-Za-z0-9_]{0,31}$/;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly exact: number;
}

/** Where a request goes. */
export type RouteMatch =
  | { readonly kind: "route"; readonly route: number; readonly params: Readonly<Record<string, string>> }
  /** The path exists, but not with this method. */
  | { readonly kind: "method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

/** HTTP routes of modules, each in the module's own space. A pattern's segments are exact text or `:param`. */
export class RouteRegistry {
  readonly #routes = new Map<string, Route[]>();

  /**
   * Adds a route and answers its index, by which requests name it to the module.
   * @throws {CommonsError} `INVALID_PARAMS`, `QUOTA_EXCEEDED`
   */
  register(module: string, method: string, pattern: string): number {
    const verb = method.toUpperCase();
    if (!METHODS.has(verb)) throw fault(`method must be one of ${[...METHODS].join(", ")}`);
    const segments = readPattern(pattern);
    const routes = this.#routes.get(module) ?? [];
    if (routes.length >= MAX_ROUTES) {
      throw new CommonsError("QUOTA_EXCEEDED", `Cannot register a route: at most ${MAX_ROUTES} a module`);
    }
    if (routes.some((route) => route.method === verb && shape(route.segments) === shape(segments))) {
      throw fault(`${verb} ${pattern} is there already`);
    }
    routes.push({ method: verb, segments, exact: segments.filter((part) => !part.startsWith(":")).length });
    this.#routes.set(module, routes);
    return routes.length - 1;
  }

  remove(module: string): void {
    this.#routes.delete(module);
  }

  /** The route with the most exact segments wins; HEAD falls back to GET. */
  match(module: string, method: string, path: string): RouteMatch {
    const routes = this.#routes.get(module) ?? [];
    const segments = splitPath(path);
    if (segments === undefined) return { kind: "none" };
    const fitting = routes
      .map((route, index) => ({ route, index, params: matchSegments(route.segments, segments) }))
      .filter((candidate) => candidate.params !== undefined)
      .sort((a, b) => b.route.exact - a.route.exact || a.index - b.index);
    const verb = method.toUpperCase();
    const found = fitting.find(({ route }) => route.method === verb) ??
      (verb === "HEAD" ? fitting.find(({ route }) => route.method === "GET") : undefined);
    if (found) return { kind: "route", route: found.index, params: found.params ?? {} };
    if (fitting.length === 0) return { kind: "none" };
    return { kind: "method", allowed: [...new Set(fitting.map(({ route }) => route.method))].sort() };
  }
}

function readPattern(pattern: string): readonly string[] {
  if (!pattern.startsWith("/") || pattern.length > MAX_PATTERN) {
    throw fault(`pattern must start with / and have at most ${MAX_PATTERN} characters`);
  }
  const segments = pattern === "/" ? [] : pattern.slice(1).split("/");
  if (segments.length > MAX_SEGMENTS) throw fault(`pattern has over ${MAX_SEGMENTS} segments`);
  const bad = segments.find((part) =>
    part === "." || part === ".." || !(PARAM.test(part) || EXACT.test(part))
  );
  if (bad !== undefined) throw fault(`segment '${bad.slice(0, 40)}' is neither plain text nor :param`);
  const params = segments.filter((part) => part.startsWith(":"));
  if (new Set(params).size !== params.length) throw fault("a parameter is there twice");
  return segments;
}

/** Two patterns of one shape match the same paths. */
function shape(segments: readonly string[]): string {
  return segments.map((part) => part.startsWith(":") ? ":" : part).join("/");
}

/** Decoded segments; `undefined` for a broken escape. One slash at the end makes no difference. */
function splitPath(path: string): readonly string[] | undefined {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  if (trimmed === "") return [];
  try {
    return trimmed.split("/").map(decodeURIComponent);
  } catch {
    return undefined; // not percent-encoding: no route can match it
  }
}

function matchSegments(
  pattern: readonly string[],
  path: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== path.length) return undefined;
  const params: [string, string][] = [];
  for (const [i, part] of pattern.entries()) {
    const value = path[i] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return undefined;
      params.push([part.slice(1), value]);
    } else if (part !== value) return undefined;
  }
  return Object.fromEntries(params);
}

function fault(state: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot register a route: ${state}`);
}
