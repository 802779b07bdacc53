/** TypeScript type of each kind of payload field. */
export interface KindTypes {
  /** 64 lower-case hex digits, display order. */
  hash: string;
  /** Bytes as lower-case hex. */
  hex: string;
  text: string;
  bool: boolean;
  u8: number;
  u32: number;
  u64: number;
  /** Any finite number. */
  f64: number;
  "text[]": readonly string[];
}
export type FieldKind = keyof KindTypes;
/** A kind, or a kind with "?" for a field that may be absent. */
export type FieldSpec = FieldKind | `${FieldKind}?`;

/** What the catalogue says about one event. */
export interface EventSpec {
  readonly group: EventGroup;
  readonly origin: "node" | "module";
  readonly fields: Readonly<Record<string, FieldSpec>>;
}

export type EventGroup =
  | "chain"
  | "payment"
  | "mining"
  | "mesh"
  | "governance"
  | "network"
  | "consensus"
  | "sync"
  | "mempool"
  | "storage"
  | "module"
  | "registry"
  | "node"
  | "maintenance"
  | "relay"
  | "module_side";

type Optional<F> = { [K in keyof F]: F[K] extends `${FieldKind}?` ? K : never }[keyof F];
type KindOf<S> = S extends `${infer K extends FieldKind}?` ? K : S extends FieldKind ? S : never;
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** Payload type of a table of fields. */
export type PayloadOf<F> = Flat<
  & { [K in Exclude<keyof F, Optional<F>>]: KindTypes[KindOf<F[K]>] }
  & { [K in Optional<F>]?: KindTypes[KindOf<F[K]>] }
>;

/** Longest text field in characters. */
export const MAX_TEXT = 4096;
/** Most entries of a list field. */
export const MAX_LIST = 1000;

const HASH = /^[0-9a-f]{64}$/;
const HEX = /^(?:[0-9a-f]{2})*$/;

function wholeUpTo(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function textFault(value: unknown): string | undefined {
  if (typeof value !== "string") return "must be text";
  return value.length > MAX_TEXT ? `must be at most ${MAX_TEXT} characters` : undefined;
}

function listFault(value: unknown): string | undefined {
  if (!Array.isArray(value)) return "must be a list of texts";
  if (value.length > MAX_LIST) return `must have at most ${MAX_LIST} entries`;
  for (let i = 0; i < value.length; i++) {
    const fault = textFault(value[i]);
    if (fault !== undefined) return `entry ${i} ${fault}`;
  }
  return undefined;
}

function when(ok: boolean, fault: string): string | undefined {
  return ok ? undefined : fault;
}

/** What is wrong with a value of a kind, or `undefined`. */
export const KIND_FAULTS: Readonly<Record<FieldKind, (value: unknown) => string | undefined>> = {
  hash: (value) => when(typeof value === "string" && HASH.test(value), "must be 64 lower-case hex digits"),
  // No length limit of its own: the limit on the whole payload holds.
  hex: (value) => when(typeof value === "string" && HEX.test(value), "must be lower-case hex of even length"),
  text: textFault,
  bool: (value) => when(typeof value === "boolean", "must be true or false"),
  u8: (value) => when(wholeUpTo(value, 0xff), "must be a whole number from 0 to 255"),
  u32: (value) => when(wholeUpTo(value, 0xffff_ffff), "must be a whole number from 0 to 4294967295"),
  u64: (value) =>
    when(wholeUpTo(value, Number.MAX_SAFE_INTEGER), "must be a whole number from 0 to 2^53 - 1"),
  f64: (value) => when(Number.isFinite(value), "must be a finite number"),
  "text[]": listFault,
};

/** The kind of a field without its "?", and whether the field may be absent. */
export function readSpec(spec: FieldSpec): { readonly kind: FieldKind; readonly optional: boolean } {
  const optional = spec.endsWith("?");
  // The cast holds: a FieldSpec is a kind with or without one trailing "?".
  return { kind: (optional ? spec.slice(0, -1) : spec) as FieldKind, optional };
}
