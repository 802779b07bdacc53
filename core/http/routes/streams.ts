import { isEventType } from "../../events/mod.ts";
import type { EventHub } from "../event_hub.ts";
import { integerQuery, listQuery } from "../query.ts";
import type { AppContext, Route } from "../route.ts";
import { FRAME_TYPES, type SocketHub } from "../socket_hub.ts";

/** `/events`, `/ws` and `/p2p-ws`. */
export function streamRoutes(
  hubs: { readonly events: EventHub; readonly sockets: SocketHub },
): readonly Route[] {
  const socket = (path: string): Route => ({
    method: "GET",
    path,
    tag: "streams",
    summary: "WebSocket notifications; the first frame is this node's own node_status.",
    query: { types: `only these, comma-separated: ${FRAME_TYPES.join(", ")}` },
    answer: { status: 101 },
    codes: ["UPGRADE_REQUIRED", "TOO_MANY_CLIENTS"],
    handler(c) {
      const types = listQuery(c.req.query("types"), isFrameType);
      return hubs.sockets.open(c.req.raw, {
        caller: c.env.caller,
        ...(types === undefined ? {} : { types: new Set(types) }),
      });
    },
  });
  return [
    {
      method: "GET",
      path: "/api/v1/events",
      tag: "streams",
      summary: "Server-sent events {id, type, time, payload}; resumes after Last-Event-ID.",
      query: { types: "only these event types, comma-separated" },
      answer: { type: "text/event-stream" },
      codes: ["TOO_MANY_CLIENTS"],
      handler: (c) => openEvents(hubs.events, c),
    },
    socket("/ws"),
    socket("/p2p-ws"),
  ];
}

function openEvents(events: EventHub, c: AppContext): Response {
  const types = listQuery(c.req.query("types"), isEventType);
  const header = c.req.header("last-event-id");
  const after = integerQuery(header === "" ? undefined : header, "Last-Event-ID", Number.MAX_SAFE_INTEGER);
  const completed = c.env.info?.completed;
  return events.open({
    caller: c.env.caller,
    ...(types === undefined ? {} : { types }),
    ...(after === undefined ? {} : { after }),
    ...(completed === undefined ? {} : { completed }),
  });
}

function isFrameType(word: string): word is string {
  return FRAME_TYPES.includes(word);
}
