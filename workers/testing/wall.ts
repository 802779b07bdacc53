import { decodeValue, encodeValue } from "../protocol/mod.ts";
import { NodeApiError } from "../sdk/errors.ts";

/**
 * A value as it arrives on the other side of the wall: what JSON, bytes and big integers leave of it, and a copy.
 * @throws {NodeApiError} `INVALID_PARAMS` for what cannot cross
 */
export function acrossTheWall(value: unknown): unknown {
  if (value === undefined) return null;
  try {
    const { value: plain, tagged } = encodeValue(value);
    const copy: unknown = JSON.parse(JSON.stringify(plain) ?? "null");
    return tagged ? decodeValue(copy) : copy;
  } catch (error) {
    throw new NodeApiError("INVALID_PARAMS", error instanceof Error ? error.message : "not sendable");
  }
}

export function invalid(method: string, state: string): NodeApiError {
  return new NodeApiError("INVALID_PARAMS", `Cannot call ${method}: ${state}`);
}
