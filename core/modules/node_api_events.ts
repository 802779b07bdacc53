import { CommonsError } from "../base/mod.ts";
import {
  EVENT_TYPES,
  type EventBus,
  eventSpec,
  type EventType,
  isEventType,
  payloadFault,
} from "../events/mod.ts";
import { method, type NodeMethodTable } from "./node_api_types.ts";
import type { Params } from "./node_api_params.ts";

/** `events.*`: `subscribe [types]`, `unsubscribe [types]`, `publish type payload`. */
export function eventMethods(events: EventBus): NodeMethodTable {
  return {
    ...method("events.subscribe", {
      capability: "subscribe_events",
      most: 1,
      run: (caller, params) => caller.feed.subscribe(readTypes(params)),
    }),
    ...method("events.unsubscribe", {
      capability: "subscribe_events",
      most: 1,
      run: (caller, params) => caller.feed.unsubscribe(readTypes(params)),
    }),
    ...method("events.publish", {
      capability: "publish_events",
      most: 2,
      run: (_caller, params) => publish(events, params),
    }),
  };
}

function readTypes(params: Params): EventType[] {
  return params.list(0, "types", EVENT_TYPES.length).map((type) => {
    if (isEventType(type)) return type;
    throw params.fault(`there is no event ${describe(type)}`);
  });
}

/** Only what the catalogue lets modules say, and only in the catalogue's shape: nobody speaks for the node. */
function publish(events: EventBus, params: Params): void {
  const type = params.text(0, "type", 64);
  if (!isEventType(type)) throw params.fault(`there is no event ${describe(type)}`);
  if (eventSpec(type).origin !== "module") throw reserved(type);
  const payload = params.at(1);
  const fault = payloadFault(type, payload);
  if (fault !== undefined) throw params.fault(fault);
  // `payloadFault` has just checked it against the type's own fields.
  events.publish(type, payload as never);
}

function reserved(type: EventType): CommonsError {
  return new CommonsError("PERMISSION_DENIED", `Cannot publish ${type}: only the node publishes it`);
}

function describe(type: unknown): string {
  return typeof type === "string" ? JSON.stringify(type.slice(0, 64)) : "of that name";
}
