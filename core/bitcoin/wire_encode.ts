import { type HashHex, HEADER_BYTES } from "../base/mod.ts";
import { CompactWriter } from "./compact_writer.ts";
import { HEADER_ENTRY_BYTES, PROTOCOL_VERSION } from "./wire_limits.ts";
import type { InventoryItem, VersionMessage } from "./wire_types.ts";

const ZERO_HASH = new Uint8Array(32);
/** An address that says nothing: whoever asks knows where it is. */
const NO_ADDRESS = new Uint8Array(26);

/** Payload of a message without fields. */
export const EMPTY_PAYLOAD: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Payload of `version`. Neither address is told. */
export function encodeVersion(message: VersionMessage): Uint8Array<ArrayBuffer> {
  return new CompactWriter()
    .int32(message.version)
    .uint64(message.services)
    .int64(message.time)
    .bytes(NO_ADDRESS)
    .bytes(NO_ADDRESS)
    .uint64(message.nonce)
    .varBytes(new TextEncoder().encode(message.userAgent))
    .int32(message.startHeight)
    .uint8(message.relay ? 1 : 0)
    .finish();
}

/** Payload of `ping` and `pong`. */
export function encodeNonce(nonce: bigint): Uint8Array<ArrayBuffer> {
  return new CompactWriter(8).uint64(nonce).finish();
}

/** Payload of `getheaders`: the headers after the first of `locator` that is known there, as many as fit. */
export function encodeGetHeaders(locator: readonly HashHex[]): Uint8Array<ArrayBuffer> {
  const writer = new CompactWriter(48 + locator.length * 32).int32(PROTOCOL_VERSION).compactSize(
    locator.length,
  );
  for (const hash of locator) writer.bytes(wireHash(hash));
  return writer.bytes(ZERO_HASH).finish();
}

/** Payload of `headers`. `headers` are 80 bytes each. */
export function encodeHeaders(headers: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = headers.length / HEADER_BYTES;
  const writer = new CompactWriter(9 + count * HEADER_ENTRY_BYTES).compactSize(count);
  for (let at = 0; at < headers.length; at += HEADER_BYTES) {
    writer.bytes(headers.subarray(at, at + HEADER_BYTES)).uint8(0);
  }
  return writer.finish();
}

/** Payload of `inv`, `getdata` and `notfound`. */
export function encodeInventory(items: readonly InventoryItem[]): Uint8Array<ArrayBuffer> {
  const writer = new CompactWriter(9 + items.length * 36).compactSize(items.length);
  for (const { kind, hash } of items) writer.uint32(kind).bytes(wireHash(hash));
  return writer.finish();
}

function wireHash(hash: HashHex): Uint8Array {
  return Uint8Array.fromHex(hash).reverse();
}
