import { CommonsError } from "../base/mod.ts";
import type { CompactReader } from "./compact_reader.ts";
import { MAX_ADDRESSES } from "./wire_limits.ts";
import type { WireAddress } from "./wire_types.ts";

const ADDRESS_BYTES = 30;
/** Time, services, network, length of the address, port. */
const LEAST_V2_BYTES = 4 + 1 + 1 + 1 + 2;
/** Most bytes of an address of a network that is not known (BIP155). */
const MAX_V2_BYTES = 512;
const MAPPED_PREFIX = "00000000000000000000ffff";

/** Lengths of addresses by network number (BIP155); TCP reaches the first two. */
const LENGTHS: ReadonlyMap<number, number> = new Map([[1, 4], [2, 16], [3, 10], [4, 32], [5, 32], [6, 16]]);
const IPV4 = 1;
const IPV6 = 2;

/** Addresses of an `addr` message. */
export function readAddresses(reader: CompactReader): WireAddress[] {
  const count = reader.count(ADDRESS_BYTES, MAX_ADDRESSES);
  return Array.from({ length: count }, () => {
    const time = reader.uint32();
    const services = reader.uint64();
    const host = hostOf(reader.take(16));
    return { time, services, host, port: reader.uint16be() };
  });
}

/** Addresses of an `addrv2` message (BIP155); those that TCP does not get to are left out. */
export function readAddressesV2(reader: CompactReader): WireAddress[] {
  const count = reader.count(LEAST_V2_BYTES, MAX_ADDRESSES);
  const found: WireAddress[] = [];
  for (let i = 0; i < count; i++) {
    const time = reader.uint32();
    const services = readServices(reader);
    const network = reader.uint8();
    const bytes = reader.varBytes(MAX_V2_BYTES);
    const port = reader.uint16be();
    const length = LENGTHS.get(network);
    if (length !== undefined && length !== bytes.length) {
      throw new CommonsError(
        "MALFORMED",
        `Cannot read addrv2: an address of network ${network} has ${bytes.length} bytes`,
      );
    }
    if (network === IPV4 || network === IPV6) found.push({ time, services, host: hostOf(bytes), port });
  }
  return found;
}

/** A CompactSize of all 64 bits: which services others claim is not the teller's fault. */
function readServices(reader: CompactReader): bigint {
  if (reader.peek() !== 0xff) return BigInt(reader.compactSize());
  reader.skip(1);
  return reader.uint64();
}

/** Text of an address of 4 or 16 bytes; IPv4 addresses in IPv6 are shown as what they are. */
function hostOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.toHex().startsWith(MAPPED_PREFIX)) return bytes.subarray(12).join(".");
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16)).join(":");
}
