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

/** SHA-256 of the SHA-256. */
export function doubleSha256(bytes: Uint8Array): Uint8Array {
  const digest = digestOf("sha256", digestOf("sha256", bytes, "buffer"), "buffer"); // no hash objects: twice as fast
  // A plain view: a Buffer's `slice` would not copy, and it does not equal a Uint8Array in tests.
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength);
}

/** 32 wire-order bytes as the 64 hex digits that people see: reversed. */
export function displayHash(wire: Uint8Array): HashHex {
  return new Uint8Array(wire).reverse().toHex() as HashHex;
}

/** @throws {CommonsError} `HEADER_LENGTH` unless `bytes` is exactly 80 bytes. */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length !== HEADER_BYTES) {
    throw new CommonsError(
      "HEADER_LENGTH",
      `Cannot read a block header: need 80 bytes, have ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
