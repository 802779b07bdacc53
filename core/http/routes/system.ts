import { json, jsonAnswer } from "../json.ts";
import type { RequestCounts } from "../request_counts.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { HttpComponents } from "../types.ts";

/** `/health`, `/ready`, `/metrics` and `/api/v1/node`. */
export function systemRoutes(
  components: Pick<HttpComponents, "health" | "metrics" | "node" | "p2p">,
  facts: { readonly uptimeSeconds: () => number; readonly counts: RequestCounts },
): readonly Route[] {
  const { health, metrics } = components;
  const ok = () => new Response("OK");
  const node = nodeAnswer(components, facts.uptimeSeconds);
  return [
    {
      method: "GET",
      path: "/health",
      tag: "system",
      summary: "The process answers.",
      answer: { type: "text/plain" },
      handler: ok,
      quick: ok,
    },
    {
      method: "GET",
      path: "/ready",
      tag: "system",
      summary: "Whether every part works; 503 when one does not.",
      answer: { schema: schemas.readinessView },
      handler() {
        const readiness = health.ready();
        return json(readiness, readiness.ready ? 200 : 503);
      },
    },
    {
      method: "GET",
      path: "/metrics",
      tag: "system",
      summary: "Metrics in the Prometheus text format.",
      answer: { type: "text/plain" },
      async handler() {
        facts.counts.report();
        return new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } });
      },
    },
    {
      method: "GET",
      path: "/api/v1/node",
      tag: "system",
      summary: "Who this node is.",
      answer: { schema: schemas.nodeView },
      handler: node,
      quick: node,
    },
  ];
}

/** The text changes once a second at most, so it is made once a second at most. */
function nodeAnswer(
  { node, p2p }: Pick<HttpComponents, "node" | "p2p">,
  uptimeSeconds: () => number,
): () => Response {
  const { name, version, network, peerId, nodeId, userAgent, services } = node;
  let second = -1;
  let text = "";
  return () => {
    const uptime = uptimeSeconds();
    if (uptime !== second) {
      second = uptime;
      text = JSON.stringify({
        name,
        version,
        network,
        peerId,
        nodeId,
        userAgent,
        services,
        uptimeSeconds: uptime,
        listening: p2p.listening(),
      });
    }
    return jsonAnswer(text);
  };
}
