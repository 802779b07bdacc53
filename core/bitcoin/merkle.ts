import { doubleSha256 } from "../base/mod.ts";

/** Root of a Merkle tree, and whether other leaves could give the same one. */
export interface MerkleRoot {
  /** 32 bytes in wire order. */
  readonly root: Uint8Array;
  /**
   * True when two neighbours that are hashed together are equal. The tree repeats the last hash of an odd row, so such
   * leaves can stand for a shorter list (CVE-2012-2459): they say nothing about which list was meant.
   */
  readonly mutated: boolean;
}

/** Computes the root over hashes of 32 bytes in wire order; 32 zeros over none. */
export function merkleRoot(hashes: readonly Uint8Array[]): MerkleRoot {
  let row = new Uint8Array(Math.max(1, hashes.length) * 32);
  hashes.forEach((hash, i) => row.set(hash, i * 32));
  let mutated = false;
  while (row.length > 32) {
    mutated ||= hasTwins(row);
    row = nextRow(row);
  }
  return { root: row, mutated };
}

/** The hashes beside the way from a leaf to the root, lowest first. */
export function merkleBranch(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= hashes.length) {
    throw new RangeError(`Cannot make a Merkle branch: no leaf ${index} of ${hashes.length}`);
  }
  return merkleRows(hashes).slice(0, -1).map((row, height) => {
    const beside = (index >>> height) ^ 1;
    return row[beside] ?? row[beside - 1] ?? new Uint8Array(32); // the last of an odd row stands beside itself
  });
}

/** Root that a leaf has with the hashes of its branch. Says nothing when `index` is not below 2^`branch.length`. */
export function rootOfBranch(
  leaf: Uint8Array,
  { index, branch }: { readonly index: number; readonly branch: readonly Uint8Array[] },
): Uint8Array {
  return branch.reduce((hash, beside, height) => {
    const right = Math.floor(index / 2 ** height) % 2 === 1;
    return right ? hashPair(beside, hash) : hashPair(hash, beside);
  }, leaf);
}

/** All rows of the tree, leaves first, root last. */
export function merkleRows(hashes: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const rows: (readonly Uint8Array[])[] = [hashes];
  for (let row = hashes; row.length > 1;) {
    const below = row;
    row = Array.from({ length: Math.ceil(below.length / 2) }, (_, i) => {
      const left = below[2 * i] ?? new Uint8Array(32);
      return hashPair(left, below[2 * i + 1] ?? left);
    });
    rows.push(row);
  }
  return rows;
}

/** Hash of two nodes. */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return doubleSha256(pair);
}

function hasTwins(row: Uint8Array): boolean {
  for (let at = 0; at + 64 <= row.length; at += 64) {
    let i = 0;
    while (i < 32 && row[at + i] === row[at + 32 + i]) i++;
    if (i === 32) return true;
  }
  return false;
}

function nextRow(row: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(Math.ceil(row.length / 64) * 32);
  for (let at = 0; at < row.length; at += 64) {
    const pair = row.subarray(at, at + 64);
    next.set(pair.length === 64 ? doubleSha256(pair) : hashPair(pair, pair), at / 2);
  }
  return next;
}
