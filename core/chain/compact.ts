import { targetFromBits } from "../base/mod.ts";

const ALL_HASHES = 1n << 256n;

/**
 * Compact form of a target; digits that do not fit are cut off, so that the target only gets smaller
 * (Bitcoin Core `arith_uint256::GetCompact`).
 */
export function bitsFromTarget(target: bigint): number {
  if (target === 0n) return 0;
  let size = Math.ceil(target.toString(16).length / 2);
  let mantissa = size <= 3 ? Number(target) << (8 * (3 - size)) : Number(target >> BigInt(8 * (size - 3)));
  if ((mantissa & 0x800000) !== 0) { // would read as a sign
    mantissa >>= 8;
    size++;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** Hashes that it takes on average to find one that is not above `target`. */
export function workOfTarget(target: bigint): bigint {
  return ALL_HASHES / (target + 1n);
}

/** Work of one header with these bits; 0 for bits that no header may have (Bitcoin Core `GetBlockProof`). */
export function workOfBits(bits: number): bigint {
  const target = targetFromBits(bits);
  return target === undefined ? 0n : workOfTarget(target);
}

/** How many times harder than difficulty 1 (target 0xffff · 2^208), as Bitcoin Core shows it. */
export function difficultyOfBits(bits: number): number {
  const mantissa = bits & 0x00ffffff;
  return mantissa === 0 ? 0 : 0xffff / mantissa * 256 ** (29 - (bits >>> 24));
}

/** The target of these bits as 64 hex digits; zeroes for bits that no header may have. */
export function targetOfBits(bits: number): string {
  return workHex(targetFromBits(bits) ?? 0n);
}

/** 64 hex digits of a number below 2^256. */
export function workHex(work: bigint): string {
  return work.toString(16).padStart(64, "0");
}
