import { tryHashHex, tryPeerIdText } from "../base/mod.ts";
import { hasUnsafeCharacters } from "./envelope.ts";
import { type Refused, reject } from "./verdict.ts";

/** Longest URL in a message. */
export const MAX_URL_LENGTH = 2048;
/** Longest name of a node, miner or version as people are shown it. */
export const MAX_SHOWN = 64;
const MAX_U32 = 0xffff_ffff;

/** Printable ASCII without what could end an HTML attribute or tag, in case a display forgets to escape. */
const DISPLAY_NAME = /^[\x20-\x7e]{0,64}$/;
const MARKUP = /[<>&"'`]/;
const NOT_PLAIN = /[^\x20-\x7e]|[<>&"'`]/g;
const HEX_BYTES = /^(?:[0-9a-f]{2})*$/;
const HEX_64 = /^[0-9a-f]{0,64}$/;
const STATE = /^[A-Z_]{0,32}$/;

/** What one field must be. */
export interface FieldRule {
  /** Ends the sentence "<field> is not …". */
  readonly what: string;
  /** True where the field may be absent. */
  readonly optional?: boolean;
  /**
   * True for texts that people are shown and nothing is done with. Honest nodes of other kinds put into them what they were
   * given: an operator's name for the node, the reason of a validator, which its author may not even have chosen.
   */
  readonly isShown?: boolean;
  matches(value: unknown): boolean;
}

/** Rules of a kind's fields by name; fields that are not named may hold anything. */
export type Shape = Readonly<Record<string, FieldRule>>;

/** What is wrong with the fields of `message`, in words that quote nothing of it; `undefined` when nothing is. */
export function shapeFault(message: Readonly<Record<string, unknown>>, shape: Shape): Refused | undefined {
  let slip: Refused | undefined;
  for (const name in shape) {
    const rule = shape[name];
    if (rule === undefined) continue;
    const value = message[name];
    if (value === undefined ? rule.optional === true : rule.matches(value)) continue;
    const detail = value === undefined ? `${name} is missing` : `${name} is not ${rule.what}`;
    if (rule.isShown !== true || typeof value !== "string") return reject("BAD_SHAPE", detail);
    slip ??= { ...reject("BAD_SHAPE", detail), isSlip: true };
  }
  return slip;
}

/** The same rule for a field that may be absent. */
export function optional(rule: FieldRule): FieldRule {
  return { ...rule, optional: true };
}

/** The same rule for a field that may be absent or null, as pointers of other languages are written. */
export function nullable(rule: FieldRule): FieldRule {
  return { ...rule, optional: true, matches: (value) => value === null || rule.matches(value) };
}

/** A text of up to `max` characters without control characters and the like. */
export function text(max: number): FieldRule {
  return {
    what: `a text of up to ${max} characters without control characters`,
    matches: (value) => typeof value === "string" && value.length <= max && !hasUnsafeCharacters(value),
  };
}

/** The same for a text that people are shown, see {@linkcode FieldRule.isShown}. */
export function shownText(max: number): FieldRule {
  return { ...text(max), isShown: true };
}

/** One of a few texts. */
export function oneOf(...texts: readonly string[]): FieldRule {
  return {
    what: `one of ${texts.map((text) => JSON.stringify(text)).join(", ")}`,
    matches: (value) => typeof value === "string" && texts.includes(value),
  };
}

export const PEER_ID: FieldRule = {
  what: "a peer id",
  matches: (value) => tryPeerIdText(value) !== undefined,
};
export const PEER_ID_OR_NONE: FieldRule = {
  what: "empty or a peer id",
  matches: (value) => value === "" || PEER_ID.matches(value),
};
/** Name of the sender's node. Only to be shown, so it is cleaned where it is and refused no operator's message. */
export const CLIENT_NAME: FieldRule = shownText(256);
export const HASH: FieldRule = {
  what: "64 lower-case hex digits",
  matches: (value) => tryHashHex(value) !== undefined,
};
export const HASH_OR_NONE: FieldRule = {
  what: "empty or 64 lower-case hex digits",
  matches: (value) => value === "" || tryHashHex(value) !== undefined,
};
export const WORK: FieldRule = {
  what: "up to 64 lower-case hex digits",
  matches: (value) => typeof value === "string" && HEX_64.test(value),
};
export const U32: FieldRule = {
  what: "a 32-bit unsigned integer",
  matches: (value) => isCount(value) && value <= MAX_U32,
};
export const COUNT: FieldRule = { what: "a whole number from 0 to 2^53 - 1", matches: isCount };
export const NUMBER: FieldRule = {
  what: "a number that is not negative",
  matches: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
};
export const OBJECT: FieldRule = { what: "an object", matches: isRecord };
/** Name of a state of the node's life; later versions may know more of them. */
export const STATE_NAME: FieldRule = {
  what: "up to 32 upper-case letters and _",
  matches: (value) => typeof value === "string" && STATE.test(value),
};
/** Bytes; how many is judged by whoever knows, at most as many as the message may have. */
export const HEX: FieldRule = {
  what: "lower-case hex of whole bytes",
  matches: (value) => typeof value === "string" && HEX_BYTES.test(value),
};
/** Only the type: whether the URL may be used is judged by itself, see `HubUrls`. */
export const URL_TEXT: FieldRule = { what: "a text", matches: (value) => typeof value === "string" };

/** True for a name that may be shown to people: up to 64 printable ASCII characters, none of `<>&"'` and back-tick. */
export function isDisplayName(value: unknown): value is string {
  return typeof value === "string" && DISPLAY_NAME.test(value) && !MARKUP.test(value);
}

/** `text` as people may be shown it: printable ASCII without markup, anything else as `?`, cut to `max`. */
export function shown(text: string, max: number = MAX_SHOWN): string {
  return text.slice(0, max).replace(NOT_PLAIN, "?");
}

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
