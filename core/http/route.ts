import type { Context } from "hono";
import type { ErrorCode } from "../base/mod.ts";
import type { Caller } from "./guard.ts";
import type { Schema } from "./schemas.ts";
import type { RequestInfo } from "./types.ts";

/** What the guard found out, for the handlers. */
export interface RequestFacts {
  readonly caller: Caller;
  readonly info: RequestInfo | undefined;
}

export type AppContext = Context<{ Bindings: RequestFacts }>;

/** One route: what the router, `405` and the OpenAPI document are made from. */
export interface Route {
  /** `ALL` is every method. */
  readonly method: "GET" | "POST" | "DELETE" | "ALL";
  /** As OpenAPI writes it: `/peers/{peerId}`; a last `*` matches the rest. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly request?: Schema;
  readonly answer?: {
    /** Default 200. */
    readonly status?: number;
    /** Default `application/json`. */
    readonly type?: string;
    readonly schema?: Schema;
  };
  /** Codes of its own, besides those that every route may answer. */
  readonly codes?: readonly ErrorCode[];
  readonly handler: (c: AppContext) => Response | Promise<Response>;
  /** The same answer without the router, for what is asked very often; only for a fixed path without parameters. */
  readonly quick?: () => Response;
}

/** `/peers/{peerId}` as the router writes it: `/peers/:peerId`. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
