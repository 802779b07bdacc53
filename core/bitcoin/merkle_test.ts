import { expect } from "expect";
import { doubleSha256 } from "../base/mod.ts";
import { merkleBranch, merkleRoot, rootOfBranch } from "./merkle.ts";

const leaves = (count: number) =>
  Array.from({ length: count }, (_, i) => doubleSha256(Uint8Array.of(i & 0xff, i >>> 8)));

/** The root as the paper has it: pairs, the last one with itself. */
function plainRoot(row: readonly Uint8Array[]): Uint8Array {
  const [first] = row;
  if (first === undefined || row.length === 1) return first ?? new Uint8Array(32);
  const next: Uint8Array[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const [left, right = left] = row.slice(i, i + 2);
    next.push(doubleSha256(Uint8Array.of(...left ?? [], ...right ?? [])));
  }
  return plainRoot(next);
}

Deno.test("merkleRoot() and branches agree with a plain reading for 0 to 40 leaves", () => {
  for (let count = 0; count <= 40; count++) {
    const hashes = leaves(count);
    const { root, mutated } = merkleRoot(hashes);
    expect(root).toEqual(plainRoot(hashes));
    expect(mutated).toBe(false);
    hashes.forEach((leaf, index) => {
      const branch = merkleBranch(hashes, index);
      expect(branch).toHaveLength(Math.ceil(Math.log2(count)));
      expect(rootOfBranch(leaf, { index, branch })).toEqual(root);
    });
  }
});

Deno.test("merkleRoot() tells lists that stand for shorter ones (CVE-2012-2459)", () => {
  const [a, b, c, d, e, f] = leaves(6);
  const list = (...hashes: (Uint8Array | undefined)[]) => hashes.flatMap((hash) => hash ?? []);
  for (
    const [short, long] of [
      [list(a, b, c), list(a, b, c, c)],
      [list(a, b, c, d, e, f), list(a, b, c, d, e, f, e, f)],
      [list(a, b, c, d, e), list(a, b, c, d, e, e)],
    ] as const
  ) {
    expect(merkleRoot(long)).toEqual({ root: merkleRoot(short).root, mutated: true });
    expect(merkleRoot(short).mutated).toBe(false);
  }
});

Deno.test("merkleBranch() refuses places outside of the tree", () => {
  for (const index of [-1, 3, 0.5, NaN]) expect(() => merkleBranch(leaves(3), index)).toThrow(RangeError);
  expect(() => merkleBranch([], 0)).toThrow(RangeError);
});
