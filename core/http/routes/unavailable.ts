import { problem } from "../problem.ts";
import type { Route } from "../route.ts";

/** Paths of the contract whose service this version does not have. */
const PATHS: readonly (readonly [Route["method"], string])[] = [
  ["POST", "/modules/install"],
  ["DELETE", "/modules/{name}"],
  ["GET", "/mesh/stats"],
  ["GET", "/mesh/peers"],
  ["GET", "/mesh/routes"],
  ["GET", "/mesh/ledger"],
  ["GET", "/mesh/received"],
  ["POST", "/mesh/packets"],
  ["POST", "/mesh/discover"],
  ["POST", "/mesh/quote"],
  ["POST", "/mesh/mode"],
  ["GET", "/governance/messages"],
  ["POST", "/governance/messages"],
  ["GET", "/governance/nodes"],
  ["GET", "/governance/proposals"],
  ["GET", "/governance/proposals/{id}"],
  ["GET", "/governance/forks"],
  ["GET", "/governance/log/head"],
  ["GET", "/governance/log/proof"],
];

/** They answer 501 with code `UNAVAILABLE`. */
export function unavailableRoutes(): readonly Route[] {
  return PATHS.map(([method, path]) => ({
    method,
    path: `/api/v1${path}`,
    tag: "not yet",
    summary: "Not in this version: answers 501.",
    codes: ["UNAVAILABLE"],
    handler: () =>
      problem("UNAVAILABLE", "Cannot answer this: this version of the node does not have that service", {
        status: 501,
      }),
  }));
}
