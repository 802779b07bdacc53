import { CommonsError, displayHash, type HashHex, HEADER_BYTES } from "../base/mod.ts";
import { CompactReader } from "./compact_reader.ts";
import { readAddresses, readAddressesV2 } from "./wire_addresses.ts";
import type { WireFrame } from "./wire_frame.ts";
import {
  HEADER_ENTRY_BYTES,
  MAX_HEADERS,
  MAX_INVENTORY,
  MAX_LOCATOR,
  MAX_USER_AGENT_BYTES,
} from "./wire_limits.ts";
import type { InventoryItem, VersionMessage, WireMessage } from "./wire_types.ts";

const NET_ADDRESS_BYTES = 26;
const latin = new TextDecoder("latin1");

/**
 * Reads a message's payload. Commands that are of no use here are `ignored`, whatever they hold.
 * @throws {CommonsError} `TRUNCATED`, `TRAILING_BYTES`, `TOO_LARGE`, `NOT_CANONICAL`, `MALFORMED`
 */
export function decodeMessage(frame: WireFrame): WireMessage {
  const { command, payload } = frame;
  const reader = new CompactReader(payload, { what: command });
  switch (command) {
    case "version":
      return { command, version: readVersion(reader) };
    case "headers":
      return { command, headers: readHeaders(reader) };
    case "block":
      return { command, block: blockOf(payload) };
    case "verack":
    case "sendheaders":
    case "sendaddrv2":
    case "wtxidrelay":
    case "getaddr":
      return ended(reader, { command });
    case "ping":
    case "pong":
      return ended(reader, { command, nonce: reader.uint64() });
    case "feefilter":
      return ended(reader, { command, rate: reader.int64() });
    case "getheaders":
      return ended(reader, readGetHeaders(reader));
    case "inv":
    case "getdata":
    case "notfound":
      return ended(reader, { command, items: readInventory(reader) });
    case "addr":
      return ended(reader, { command, addresses: readAddresses(reader) });
    case "addrv2":
      return ended(reader, { command, addresses: readAddressesV2(reader) });
    default:
      return { command: "ignored" };
  }
}

function ended(reader: CompactReader, message: WireMessage): WireMessage {
  reader.end();
  return message;
}

/** What follows behind the fields that are known is of a later protocol, and left alone. */
function readVersion(reader: CompactReader): VersionMessage {
  const version = reader.int32();
  const services = reader.uint64();
  const time = reader.int64();
  reader.skip(2 * NET_ADDRESS_BYTES);
  const nonce = reader.uint64();
  const userAgent = latin.decode(reader.varBytes(MAX_USER_AGENT_BYTES));
  const startHeight = reader.int32();
  const relay = reader.remaining === 0 || reader.uint8() !== 0; // BIP37: absent means yes
  return { version, services, time, nonce, userAgent, startHeight, relay };
}

function readGetHeaders(reader: CompactReader): WireMessage {
  reader.int32(); // the version of who asks: known already
  const count = reader.count(32, MAX_LOCATOR);
  const locator = Array.from({ length: count }, () => readHash(reader));
  return { command: "getheaders", locator, stop: readHash(reader) };
}

function readHeaders(reader: CompactReader): Uint8Array<ArrayBuffer> {
  const count = reader.count(HEADER_ENTRY_BYTES, MAX_HEADERS);
  const headers = new Uint8Array(count * HEADER_BYTES);
  for (let i = 0; i < count; i++) {
    headers.set(reader.take(HEADER_BYTES), i * HEADER_BYTES);
    if (reader.uint8() !== 0) {
      throw new CommonsError("MALFORMED", "Cannot read headers: one has transactions");
    }
  }
  reader.end();
  return headers;
}

function readInventory(reader: CompactReader): InventoryItem[] {
  const count = reader.count(36, MAX_INVENTORY);
  return Array.from({ length: count }, () => ({ kind: reader.uint32(), hash: readHash(reader) }));
}

function readHash(reader: CompactReader): HashHex {
  return displayHash(reader.take(32));
}

function blockOf(payload: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (payload.length > HEADER_BYTES) return payload;
  throw new CommonsError("TRUNCATED", `Cannot read block: ${payload.length} bytes hold no transaction`);
}
