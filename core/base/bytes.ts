import { CommonsError } from "./errors.ts";

/** Lower-case hex of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/**
 * Bytes of a hex text of even length.
 * @throws {CommonsError} `INVALID_HEX` for anything else, or for another length than `length` bytes.
 */
export function fromHex(
  text: string,
  options: { length?: number; title?: string } = {},
): Uint8Array<ArrayBuffer> {
  const { length, title = "hex" } = options;
  if (length !== undefined && text.length !== length * 2) {
    throw new CommonsError(
      "INVALID_HEX",
      `Cannot read ${title}: need ${length * 2} hex digits, have ${text.length}`,
    );
  }
  try {
    return Uint8Array.fromHex(text);
  } catch (cause) {
    throw new CommonsError("INVALID_HEX", `Cannot read ${title}: not a hex text of even length`, { cause });
  }
}

/** A copy of `bytes` in reverse order; Bitcoin shows hashes in reverse of their wire order. */
export function reversed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).reverse();
}

/** All parts, one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Compares without leaving early. For secrets, use it on values of equal, public length. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
