import { z } from "zod";
import { STATUS_OF } from "./problem.ts";
import type { Route } from "./route.ts";
import { problemView, type Schema } from "./schemas.ts";

/** Codes that any route may answer. */
const COMMON = ["UNAUTHORIZED", "FORBIDDEN_HOST", "FORBIDDEN_ORIGIN", "RATE_LIMITED", "INTERNAL"];
const OPEN: ReadonlySet<string> = new Set(["/health", "/ready"]);
const PROBLEM = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

/** The OpenAPI 3.1 document of a route table. */
export function openApiDocument(routes: readonly Route[], node: { readonly version: string }): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/\*$/, "{path}");
    const methods = route.method === "ALL"
      ? ["get", "post", "put", "patch", "delete"]
      : [route.method.toLowerCase()];
    for (const method of methods) (paths[path] ??= {})[method] = operation(route, method, path);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Commons Node",
      version: node.version,
      license: { name: "MIT", identifier: "MIT" },
      description: "Reads from loopback are open; everything else needs the API token.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemView) },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operation(route: Route, method: string, path: string) {
  const { answer, request } = route;
  const success = {
    description: "Success",
    ...(answer === undefined || answer.status === 204 || answer.status === 101 ? {} : {
      content: {
        [answer.type ?? "application/json"]: { schema: answer.schema ? schemaOf(answer.schema) : {} },
      },
    }),
  };
  const read = method === "get";
  return {
    operationId: `${method}${
      path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string = "") => next.toUpperCase())
    }`,
    tags: [route.tag],
    summary: route.summary,
    parameters: parameters(route, path),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(request) } } } }),
    responses: {
      ...(route.tag === "not yet" ? {} : { [String(answer?.status ?? 200)]: success }),
      ...problems(route),
    },
    security: OPEN.has(path) ? [] : read ? [{}, { token: [] }] : [{ token: [] }],
  };
}

function parameters(route: Route, path: string) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery];
}

/** Codes by their status. */
function problems(route: Route) {
  const notYet = route.tag === "not yet";
  const byStatus = Map.groupBy(
    [...COMMON, ...(route.codes ?? [])],
    (code) => notYet && code === "UNAVAILABLE" ? 501 : STATUS_OF[code] ?? 500,
  );
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, { description: codes.join(", "), content: PROBLEM }]),
  );
}

function schemaOf(schema: Schema): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema(), { unrepresentable: "any" });
  return rest;
}
