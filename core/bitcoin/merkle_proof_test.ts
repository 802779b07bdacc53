import { expect } from "expect";
import { doubleSha256 } from "../base/mod.ts";
import { madeTransactions, mineBlock } from "../../tests/support/blocks.ts";
import { bitcoinJson } from "../../tests/support/bitcoin_vectors.ts";
import { codeOf } from "./_fixture.ts";
import { CompactWriter } from "./compact_writer.ts";
import { MAX_BLOCK_TRANSACTIONS } from "./limits.ts";
import { merkleRoot } from "./merkle.ts";
import {
  buildMerkleBlock,
  MAX_MERKLE_BLOCK_BYTES,
  type MerkleBlock,
  parseMerkleBlock,
} from "./merkle_block.ts";
import { verifyMerkleBlock } from "./merkle_proof.ts";

const HASH_830000 = "000000000000000000011d55599ed27d7efca05f5849b755319c89eb2cffbc1f";

interface Vector {
  readonly block: number;
  readonly tx_indexes: readonly number[];
  readonly txoutproof: string;
}

/** Proofs of mainnet, or `undefined` after a step that says that they are not here. */
async function vectors(t: Deno.TestContext): Promise<readonly Uint8Array<ArrayBuffer>[] | undefined> {
  const rows = await bitcoinJson<readonly Vector[]>("txoutproofs-mainnet.json");
  if (rows === undefined) await t.step({ name: "vectors are not here", ignore: true, fn() {} });
  return rows?.map(({ txoutproof }) => Uint8Array.fromHex(txoutproof));
}

Deno.test("verifyMerkleBlock() accepts the proofs of mainnet's block 830,000", async (t) => {
  const rows = await bitcoinJson<readonly Vector[]>("txoutproofs-mainnet.json") ?? [];
  const proofs = await vectors(t) ?? [];
  rows.forEach(({ tx_indexes }, i) => {
    const proof = verifyMerkleBlock(proofs[i] ?? new Uint8Array());
    expect(proof.blockHash).toBe(HASH_830000);
    expect(proof.matches.map(({ index }) => index)).toEqual(tx_indexes);
    expect(proof.total).toBe(1851);
  });
});

Deno.test("verifyMerkleBlock() is deceived by no flipped bit of mainnet's proofs", async (t) => {
  for (const raw of await vectors(t) ?? []) {
    const { matches: right } = verifyMerkleBlock(raw);
    const hashesEnd = 85 + 32 * parseMerkleBlock(raw).hashes.length;
    for (let bit = 0; bit < raw.length * 8; bit++) {
      const broken = raw.slice();
      const at = bit >>> 3;
      broken[at] = (broken[at] ?? 0) ^ (1 << (bit & 7));
      if (codeOf(() => verifyMerkleBlock(broken)) !== undefined) continue;
      const { blockHash, matches } = verifyMerkleBlock(broken);
      if (at < 80) expect(blockHash).not.toBe(HASH_830000); // another header: no chain has it
      else if (at < 84) expect(matches).toEqual(right); // another number of transactions in a tree of the same depth
      else {
        expect(at).toBeGreaterThan(hashesEnd); // a leaf beside the right one is marked too: it is in the block as well
        expect(matches).toHaveLength(2);
        expect(matches).toContainEqual(right[0]);
      }
    }
  }
});

const leaves = (count: number) =>
  Array.from({ length: count }, (_, i) => doubleSha256(Uint8Array.of(i, i >>> 8)));

function headerOf(hashes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(80);
  header.set(merkleRoot(hashes).root, 36);
  return header;
}

Deno.test("verifyMerkleBlock() finds what buildMerkleBlock() was asked for", () => {
  for (let count = 1; count <= 20; count++) {
    const hashes = leaves(count);
    const header = headerOf(hashes);
    for (let mask = 0; mask < 2 ** Math.min(count, 6); mask++) {
      const indexes = hashes.flatMap((_, i) => (mask >>> (i % 6) & 1) === 1 ? [i] : []);
      const raw = buildMerkleBlock({ header, hashes, indexes });
      const proof = verifyMerkleBlock(raw);
      expect(proof.matches.map(({ index }) => index)).toEqual(indexes);
      expect(proof.matches.map(({ txid }) => txid)).toEqual(
        indexes.map((i) => hashes[i]?.toReversed().toHex()),
      );
      expect([proof.total, proof.headerBytes]).toEqual([count, header]);
    }
  }
});

Deno.test("buildMerkleBlock() makes the bytes that a full node makes", async (t) => {
  for (const raw of await vectors(t) ?? []) {
    const { header, total, hashes, flags } = parseMerkleBlock(raw);
    const writer = new CompactWriter().bytes(header).uint32(total).compactSize(hashes.length);
    for (const hash of hashes) writer.bytes(hash);
    expect(writer.varBytes(flags).finish()).toEqual(raw);
  }
  const block = mineBlock({ hash: new Uint8Array(32), time: 1 }, {
    height: 1,
    transactions: madeTransactions(6),
  });
  const hashes = block.transactions.map(({ hash }) => hash);
  const raw = buildMerkleBlock({ header: block.header, hashes, indexes: [5] });
  // a walk by hand: root, left half, right half, its left pair, leaf 4, leaf 5, its right pair
  const { hashes: kept, flags } = parseMerkleBlock(raw);
  expect([kept.length, flags]).toEqual([4, Uint8Array.of(0b0101101)]);
  expect(kept.slice(1, 3)).toEqual(hashes.slice(4, 6));
});

Deno.test("buildMerkleBlock() refuses places outside of the block", () => {
  for (const index of [-1, 3, 0.5]) {
    expect(() => buildMerkleBlock({ header: new Uint8Array(80), hashes: leaves(3), indexes: [index] }))
      .toThrow(
        RangeError,
      );
  }
});

Deno.test("verifyMerkleBlock() refuses what no honest tree gives", async (t) => {
  const hashes = leaves(5);
  const good = parseMerkleBlock(buildMerkleBlock({ header: headerOf(hashes), hashes, indexes: [1] }));
  const twins = [...leaves(2), ...leaves(2)];
  const twin = {
    ...parseMerkleBlock(buildMerkleBlock({ header: headerOf(twins), hashes: twins, indexes: [0, 2] })),
  };
  const zero = new Uint8Array(32);
  const table: readonly (readonly [string, Partial<MerkleBlock>, string])[] = [
    ["no transactions", { total: 0 }, "PROOF_EMPTY"],
    ["more than a block can hold", { total: MAX_BLOCK_TRANSACTIONS + 1 }, "PROOF_TOO_MANY"],
    ["the most there can be", { total: 0xffff_ffff }, "PROOF_TOO_MANY"],
    ["more hashes than transactions", { hashes: Array.from({ length: 6 }, () => zero) }, "PROOF_HASHES"],
    ["a hash too many", { hashes: [...good.hashes, zero] }, "PROOF_HASHES"],
    ["a hash too few", { hashes: good.hashes.slice(0, -1) }, "PROOF_HASHES"],
    ["no hashes", { hashes: [] }, "PROOF_HASHES"],
    ["no bits", { flags: new Uint8Array() }, "PROOF_BITS"],
    ["a byte of bits too many", { flags: Uint8Array.of(...good.flags, 0) }, "PROOF_BITS"],
    ["an unused bit", { flags: good.flags.map((byte) => byte | 0x80) }, "PROOF_BITS"],
    ["a marked node without a match", { flags: Uint8Array.of(0b0000111) }, "PROOF_BITS"],
    ["hashes in another order", { hashes: good.hashes.toReversed() }, "PROOF_ROOT"],
    ["another root", { header: new Uint8Array(80) }, "PROOF_ROOT"],
    ["a tree of another depth", { total: 16 }, "PROOF_BITS"],
    ["equal neighbours", twin, "PROOF_TWINS"],
  ];
  expect(verifyMerkleBlock(good).matches.map(({ index }) => index)).toEqual([1]);
  for (const [name, part, code] of table) {
    await t.step(`${name}: ${code}`, () => {
      expect(codeOf(() => verifyMerkleBlock({ ...good, ...part }))).toBe(code);
    });
  }
});

Deno.test("parseMerkleBlock() refuses what is not its form", async (t) => {
  const good = buildMerkleBlock({ header: headerOf(leaves(3)), hashes: leaves(3), indexes: [2] });
  const table: readonly (readonly [string, Uint8Array, string])[] = [
    ["a byte too many", Uint8Array.of(...good, 0), "TRAILING_BYTES"],
    ["a byte too few", good.subarray(0, -1), "TRUNCATED"],
    ["hashes without end", Uint8Array.of(...good.subarray(0, 84), 0xfe, 0, 0, 0, 1), "TOO_LARGE"],
    ["more hashes than bytes", Uint8Array.of(...good.subarray(0, 84), 100), "TRUNCATED"],
    ["a long count", Uint8Array.of(...good.subarray(0, 84), 0xfd, 1, 0), "NOT_CANONICAL"],
    ["too many bytes", new Uint8Array(MAX_MERKLE_BLOCK_BYTES + 1), "TOO_LARGE"],
  ];
  for (const [name, raw, code] of table) {
    await t.step(`${name}: ${code}`, () => expect(codeOf(() => parseMerkleBlock(raw))).toBe(code));
  }
});

Deno.test("verifyMerkleBlock() takes a proof of everything in the fullest block", () => {
  const hashes = Array.from({ length: MAX_BLOCK_TRANSACTIONS }, (_, i) => {
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, i);
    return hash;
  });
  const raw = buildMerkleBlock({ header: headerOf(hashes), hashes, indexes: [...hashes.keys()] });
  expect(raw.length).toBeLessThanOrEqual(MAX_MERKLE_BLOCK_BYTES);
  expect(verifyMerkleBlock(raw).matches).toHaveLength(MAX_BLOCK_TRANSACTIONS);
});
