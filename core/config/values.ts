import * as z from "zod";
import { tryDuration } from "./durations.ts";

/** A value with one rule and the words that tell it: every fault of a value is said the same way. */
function rule<T>(words: string, holds: (value: unknown) => boolean) {
  return z.custom<T>(holds, `must be ${words}`);
}

export const flag = () => rule<boolean>("true or false", (value) => typeof value === "boolean");

/** Whole number within bounds. */
export const whole = (min: number, max: number) =>
  rule<number>(
    `a whole number from ${min} to ${max}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  );

/** Text that fits a pattern. */
export const text = (words: string, pattern: RegExp) =>
  rule<string>(words, (value) => typeof value === "string" && value.length <= 4096 && pattern.test(value));

/** Any text in one line. */
// deno-lint-ignore no-control-regex -- control characters are what is refused
export const line = (words = "text in one line") => text(words, /^[^\u0000-\u001f\u007f]*$/);

/** One of some words. */
export const oneOf = <const W extends readonly [string, ...string[]]>(words: W) =>
  z.enum(words, { error: `must be one of ${words.map((word) => `"${word}"`).join(", ")}` });

/** Duration text of at least `minMs`; becomes milliseconds. */
export const duration = (minMs: number, example: string) =>
  rule<string>(
    `a duration such as "${example}"`,
    (value) => typeof value === "string" && (tryDuration(value) ?? -1) >= minMs,
  ).transform((value) => tryDuration(value) ?? minMs);

/** List of texts that fit a pattern. */
export const list = (words: string, pattern: RegExp) =>
  rule<string[]>(
    `a list of ${words}`,
    (value) =>
      Array.isArray(value) && value.length <= 1000 &&
      value.every((entry) => typeof entry === "string" && entry.length <= 4096 && pattern.test(entry)),
  );

/** Patterns of the texts that several sections use. They check the form; the services check the rest. */
export const PATTERNS = {
  host: /^[A-Za-z0-9._:\[\]-]{1,253}$/,
  hostPort: /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):[1-9]\d{0,4}$/,
  multiaddr: /^(?:\/[^\s/]+)+$/,
  origin: /^(?:\*|https?:\/\/[^\s/?#]+)$/,
  /** Empty, or an http or https address. */
  url: /^(?:https?:\/\/[^\s/]\S*)?$/,
  cidr: /^[0-9A-Fa-f.:]{2,45}\/\d{1,3}$/,
  moduleName: /^[a-z0-9][a-z0-9_-]{0,63}$/,
  publicKey: /^(?:[0-9a-f]{64}|0[23][0-9a-f]{64})$/,
} as const;
