import { hash as digestOf } from "node:crypto";
import { CommonsError } from "./errors.ts";
import type { HashHex } from "./ids.ts";

/** Length of a serialised block header in bytes. */
export const HEADER_BYTES = 80;

/** Fields of a block header; hashes as 32 bytes in wire order. */
export interface BlockHeader {
  readonly version: number;
  readonly previous: Uint8Array;
  readonly merkleRoot: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  /** Target in compact form. */
  readonly bits: number;
  readonly nonce: number;
}

/** Room for one digest; nothing is kept in it between calls. */
const digestRoom = new Uint8Array(32);

/** SHA-256 of the SHA-256. */
export function doubleSha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(doubleSha256Hex(bytes));
}

/** SHA-256 of the SHA-256, as the 64 hex digits that people see: reversed. */
export function displayDoubleSha256(bytes: Uint8Array): HashHex {
  digestRoom.setFromHex(doubleSha256Hex(bytes));
  return digestRoom.reverse().toHex() as HashHex;
}

/** Writes the SHA-256 of the SHA-256 to the 32 bytes at `at` of `target`. */
export function writeDoubleSha256(bytes: Uint8Array, target: Uint8Array, at: number): void {
  target.subarray(at, at + 32).setFromHex(doubleSha256Hex(bytes));
}

/** By way of hex, the one form in which the runtime hands out a digest without a hash object: three times as fast. */
function doubleSha256Hex(bytes: Uint8Array): string {
  digestRoom.setFromHex(digestOf("sha256", bytes));
  return digestOf("sha256", digestRoom);
}

/** 32 wire-order bytes as the 64 hex digits that people see: reversed. */
export function displayHash(wire: Uint8Array): HashHex {
  return new Uint8Array(wire).reverse().toHex() as HashHex;
}

/** @throws {CommonsError} `HEADER_LENGTH` unless `bytes` is exactly 80 bytes. */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  const view = headerView(bytes);
  return {
    version: view.getInt32(0, true),
    // `new Uint8Array` copies also when `bytes` is a Buffer, whose `slice` does not.
    previous: new Uint8Array(bytes.subarray(4, 36)),
    merkleRoot: new Uint8Array(bytes.subarray(36, 68)),
    time: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  };
}

/**
 * Time and bits alone, which is all that most checks need: copying the hashes takes most of `parseHeader`'s time.
 * @throws {CommonsError} `HEADER_LENGTH` unless `bytes` is exactly 80 bytes.
 */
export function peekHeader(bytes: Uint8Array): Pick<BlockHeader, "time" | "bits"> {
  const view = headerView(bytes);
  return { time: view.getUint32(68, true), bits: view.getUint32(72, true) };
}

/** 80 bytes of a header. */
export function serializeHeader(header: BlockHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, header.version, true);
  bytes.set(header.previous, 4);
  bytes.set(header.merkleRoot, 36);
  view.setUint32(68, header.time, true);
  view.setUint32(72, header.bits, true);
  view.setUint32(76, header.nonce, true);
  return bytes;
}

function headerView(bytes: Uint8Array): DataView {
  if (bytes.length !== HEADER_BYTES) {
    throw new CommonsError(
      "HEADER_LENGTH",
      `Cannot read a block header: need 80 bytes, have ${bytes.length}`,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Target of a compact `bits` value, or `undefined` when it is negative, zero or above 256 bits
 * (Bitcoin Core `arith_uint256::SetCompact`).
 */
export function targetFromBits(bits: number): bigint | undefined {
  const exponent = bits >>> 24;
  const mantissa = bits & 0x007fffff;
  if ((bits & 0x00800000) !== 0) return undefined;
  const target = exponent <= 3
    ? BigInt(mantissa >>> (8 * (3 - exponent)))
    : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  return target === 0n || target >= 1n << 256n ? undefined : target;
}

/** Networks whose proof-of-work limit is known; `testnet` is the third one. */
export type BitcoinNetwork = "mainnet" | "testnet" | "testnet4" | "signet" | "regtest";

/** Easiest allowed target, compact, per network (Bitcoin Core `chainparams.cpp`). */
export const POW_LIMIT_BITS: Readonly<Record<BitcoinNetwork, number>> = Object.freeze({
  mainnet: 0x1d00ffff,
  testnet: 0x1d00ffff,
  testnet4: 0x1d00ffff,
  signet: 0x1e0377ae,
  regtest: 0x207fffff,
});

/** Why a header's proof of work does not count. */
export type WorkFault = "BAD_BITS" | "BITS_TOO_EASY" | "HASH_ABOVE_TARGET";

/**
 * Checks a header's work against its own `bits` and the network's limit.
 * Answers the fault, or `undefined` when the work is there. `hash` is the header's double SHA-256 in wire order, or
 * already as the digits that people see.
 */
export function workFault(
  hash: Uint8Array | HashHex,
  bits: number,
  network: BitcoinNetwork,
): WorkFault | undefined {
  const target = allowedTarget(bits, network);
  if (!target.ok) return target.fault;
  const digits = typeof hash === "string" ? hash : displayHash(hash);
  return digits > target.digits ? "HASH_ABOVE_TARGET" : undefined; // of equal length: text order is number order
}

type AllowedTarget =
  | { readonly ok: true; readonly digits: string }
  | { readonly ok: false; readonly fault: WorkFault };

/** The last answer of `allowedTarget`: two weeks of headers in a row have the same bits. */
let lastTarget:
  | { readonly bits: number; readonly network: BitcoinNetwork; readonly target: AllowedTarget }
  | undefined;

/** Target of `bits` as 64 hex digits, unless the network does not allow it. */
function allowedTarget(bits: number, network: BitcoinNetwork): AllowedTarget {
  if (lastTarget?.bits === bits && lastTarget.network === network) return lastTarget.target;
  const target = readTarget(bits, network);
  lastTarget = { bits, network, target };
  return target;
}

function readTarget(bits: number, network: BitcoinNetwork): AllowedTarget {
  const target = targetFromBits(bits);
  const limit = targetFromBits(POW_LIMIT_BITS[network]);
  if (target === undefined || limit === undefined) return { ok: false, fault: "BAD_BITS" };
  if (target > limit) return { ok: false, fault: "BITS_TOO_EASY" };
  return { ok: true, digits: target.toString(16).padStart(64, "0") };
}
