import { tryDuration } from "./durations.ts";

/** A value of a key, or what is wrong with it. */
export type Read<T> = { readonly value: T } | { readonly fault: string };

/**
 * One key of the configuration: how its value is read, and its default. Plain code and no schema library: a node reads
 * its configuration once, and making a hundred schemas took longer than that.
 */
export class Key<T> {
  readonly read: (value: unknown) => Read<T>;
  readonly fallback: T;

  constructor(read: (value: unknown) => Read<T>, fallback: T) {
    this.read = read;
    this.fallback = fallback;
  }
}

/** A key without its default yet. */
export interface Rule<T> {
  default(fallback: T): Key<T>;
  readonly read: (value: unknown) => Read<T>;
}

/** A rule out of how a value is read. */
export function ruleOf<T>(read: (value: unknown) => Read<T>): Rule<T> {
  return { read, default: (fallback) => new Key(read, fallback) };
}

/** A value with one rule and the words that tell it: every fault of a value is said the same way. */
export function rule<T>(words: string, holds: (value: unknown) => value is T): Rule<T> {
  const fault = { fault: `must be ${words}` };
  return ruleOf((value) => holds(value) ? { value } : fault);
}

export const flag = () => rule("true or false", (value) => typeof value === "boolean");

/** Whole number within bounds. */
export const whole = (min: number, max: number) =>
  rule(
    `a whole number from ${min} to ${max}`,
    (value): value is number =>
      typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max,
  );

/** Text that fits a pattern. */
export const text = (words: string, pattern: RegExp) =>
  rule(words, (value): value is string => fits(value, pattern));

/** Any text in one line. */
// deno-lint-ignore no-control-regex -- control characters are what is refused
export const line = (words = "text in one line") => text(words, /^[^\u0000-\u001f\u007f]*$/);

/** A path. */
// deno-lint-ignore no-control-regex -- control characters are what is refused
export const path = () => text("a path", /^[^\u0000-\u001f\u007f]+$/);

/** One of some words. */
export const oneOf = <const W extends string>(words: readonly W[]) => {
  const known: ReadonlySet<unknown> = new Set(words);
  return rule(
    `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    (value): value is W => known.has(value),
  );
};

/** Duration text of at least `minMs`; becomes milliseconds. */
export const duration = (minMs: number, example: string) =>
  ruleOf((value) => {
    const ms = typeof value === "string" ? tryDuration(value) : undefined;
    return ms !== undefined && ms >= minMs
      ? { value: ms }
      : { fault: `must be a duration such as "${example}"` };
  });

/** List of texts that fit a pattern. */
export const list = (words: string, pattern: RegExp) =>
  rule(
    `a list of ${words}`,
    (value): value is readonly string[] =>
      Array.isArray(value) && value.length <= 1000 && value.every((entry) => fits(entry, pattern)),
  );

/** Table with names of the operator's choosing as keys, and texts that fit a pattern. */
export const names = (words: string, pattern: RegExp) =>
  rule(
    `a table of ${words}`,
    (value): value is Readonly<Record<string, string>> =>
      typeof value === "object" && value !== null && !Array.isArray(value) &&
      Object.entries(value).every(([name, entry]) =>
        PATTERNS.moduleName.test(name) && fits(entry, pattern) && entry.length <= 256
      ),
  );

function fits(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && value.length <= 4096 && pattern.test(value);
}

/** Patterns of the texts that several sections use. They check the form; the services check the rest. */
export const PATTERNS = {
  host: /^[A-Za-z0-9._:\[\]-]{1,253}$/,
  hostPort: /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):[1-9]\d{0,4}$/,
  /** Empty, or `tcp://` with a host and a port. */
  tcpUrl: /^(?:tcp:\/\/(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):[1-9]\d{0,4})?$/,
  multiaddr: /^(?:\/[^\s/]+)+$/,
  origin: /^(?:\*|https?:\/\/[^\s/?#]+)$/,
  /** Empty, or an http or https address. */
  url: /^(?:https?:\/\/[^\s/]\S*)?$/,
  cidr: /^[0-9A-Fa-f.:]{2,45}\/\d{1,3}$/,
  peerId: /^[1-9A-HJ-NP-Za-km-z]{46,64}$/,
  banTarget: /^(?:[0-9A-Za-z]{46,80}|(?=.*[.:])[0-9A-Fa-f.:/[\]]{2,128})$/,
  moduleName: /^[a-z0-9][a-z0-9_-]{0,63}$/,
  publicKey: /^(?:[0-9a-f]{64}|0[23][0-9a-f]{64})$/,
} as const;
