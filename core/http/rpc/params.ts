import { CommonsError, type HashHex, tryHashHex } from "../../base/mod.ts";
import { textParam } from "./rpc_method.ts";

/** A hash of 64 hex digits; the words of Bitcoin Core where it is none. */
export function hashParam(value: unknown, name: string): HashHex {
  const text = textParam(value, name);
  const shown = text.slice(0, 80);
  if (text.length !== 64) {
    throw new CommonsError(
      "INVALID_HASH",
      `${name} must be of length 64 (not ${text.length}, for '${shown}')`,
    );
  }
  const hash = tryHashHex(text.toLowerCase());
  if (hash !== undefined) return hash;
  throw new CommonsError("INVALID_HASH", `${name} must be hexadecimal string (not '${shown}')`);
}

/** A hash, or `undefined` where the parameter is not there. */
export function optionalHash(value: unknown, name: string): HashHex | undefined {
  return value === undefined || value === null ? undefined : hashParam(value, name);
}

/** How much is told: a number, or a switch that means 0 or 1. */
export function verbosityParam(
  value: unknown,
  { name, fallback, most }: { readonly name: string; readonly fallback: number; readonly most: number },
): number {
  if (value === undefined || value === null) return fallback;
  const number = typeof value === "boolean" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw new CommonsError("INVALID_PARAMETER", `Cannot use ${name}: must be 0 to ${most}, true or false`);
}

/** Yes or no. */
export function switchParam(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === "boolean") return value;
  throw new CommonsError("INVALID_PARAMS", `Cannot use ${name}: must be true or false`);
}

/** A whole number that is not negative. */
export function countParam(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new CommonsError("INVALID_PARAMS", `Cannot use ${name}: must be a whole number from 0 on`);
}

/** Bytes of hex text, `undefined` where it is none; the size of the request bounds it. */
export function hexParam(value: unknown, name: string): Uint8Array<ArrayBuffer> | undefined {
  const text = textParam(value, name);
  return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Uint8Array.fromHex(text) : undefined;
}
