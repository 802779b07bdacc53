import { CATALOGUE } from "./catalogue_table.ts";
import { type EventSpec, type FieldKind, KIND_FAULTS, type PayloadOf, readSpec } from "./field_kinds.ts";

/** Name of an event. */
export type EventType = keyof typeof CATALOGUE;

/** Payload type of each event. */
export type EventPayloads = { readonly [T in EventType]: PayloadOf<typeof CATALOGUE[T]["fields"]> };

/** All event names, in the order of the catalogue. */
export const EVENT_TYPES: readonly EventType[] = Object.freeze(Object.keys(CATALOGUE) as EventType[]);

/** Most characters of all names and values of one payload together, so that kept events stay small. */
export const MAX_PAYLOAD_CHARACTERS = 65_536;

interface Field {
  readonly kind: FieldKind;
  readonly optional: boolean;
}

const FIELDS: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(CATALOGUE).map(([type, spec]) => [
    type,
    new Map(Object.entries(spec.fields).map(([name, field]) => [name, readSpec(field)])),
  ]),
);

/** True for a name of the catalogue. */
export function isEventType(type: unknown): type is EventType {
  return typeof type === "string" && FIELDS.has(type);
}

/** Group, origin and fields of an event. */
export function eventSpec(type: EventType): EventSpec {
  return CATALOGUE[type];
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (!Array.isArray(value)) return 8;
  return value.reduce((sum: number, entry) => sum + (typeof entry === "string" ? entry.length : 8) + 3, 0);
}

/**
 * What is wrong with `payload` as the payload of `type`, in words that name the field, or `undefined` when it is right.
 * Never throws for a value that came out of JSON.
 */
export function payloadFault(type: EventType, payload: unknown): string | undefined {
  const fields = FIELDS.get(type);
  if (fields === undefined) return "unknown event type";
  if (!isPlainObject(payload)) return "payload must be an object";
  for (const name of Object.keys(payload)) {
    if (!fields.has(name)) return `unknown field ${JSON.stringify(name.slice(0, 64))}`;
  }
  let characters = 0;
  for (const [name, { kind, optional }] of fields) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (value === undefined) {
      if (optional) continue;
      return `${name} is missing`;
    }
    const fault = KIND_FAULTS[kind](value);
    if (fault !== undefined) return `${name} ${fault}`;
    characters += charactersOf(value);
  }
  return characters > MAX_PAYLOAD_CHARACTERS
    ? `payload must be at most ${MAX_PAYLOAD_CHARACTERS} characters in all`
    : undefined;
}
