import { CommonsError, HEADER_BYTES } from "../base/mod.ts";
import { CompactReader } from "./compact_reader.ts";
import { CompactWriter } from "./compact_writer.ts";
import { MAX_BLOCK_TRANSACTIONS } from "./limits.ts";
import { merkleRows } from "./merkle.ts";

/** Bytes of the longest proof: every transaction of the fullest block. */
export const MAX_MERKLE_BLOCK_BYTES = HEADER_BYTES + 4 + 9 + MAX_BLOCK_TRANSACTIONS * 32 + 9 +
  Math.ceil(MAX_BLOCK_TRANSACTIONS / 4);

/** A part of a Merkle tree below a header, as it is written (BIP 37). Nothing of it is checked. */
export interface MerkleBlock {
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** Transactions of the block, as it claims. */
  readonly total: number;
  /** Nodes in the order of a walk down the tree, left before right. */
  readonly hashes: readonly Uint8Array[];
  /** Bits of that walk, lowest first: whether a match is below. */
  readonly flags: Uint8Array;
}

/**
 * Reads a Merkle block: what `gettxoutproof` answers, and the message `merkleblock`.
 * @throws {CommonsError} `TOO_LARGE`, `TRUNCATED`, `NOT_CANONICAL`, `TRAILING_BYTES`
 */
export function parseMerkleBlock(bytes: Uint8Array): MerkleBlock {
  if (bytes.length > MAX_MERKLE_BLOCK_BYTES) {
    throw new CommonsError("TOO_LARGE", `Cannot read a Merkle block: ${bytes.length} bytes are too many`);
  }
  const reader = new CompactReader(bytes, { what: "a Merkle block" });
  const header = reader.take(HEADER_BYTES);
  const total = reader.uint32();
  const count = reader.count(32, MAX_BLOCK_TRANSACTIONS);
  const hashes: Uint8Array[] = [];
  for (let i = 0; i < count; i++) hashes.push(reader.take(32));
  const flags = reader.varBytes();
  reader.end();
  return { header, total, hashes, flags };
}

/** What a Merkle block is made of. */
export interface MerkleBlockParts {
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** Hashes of all transactions of the block, in wire order. */
  readonly hashes: readonly Uint8Array[];
  /** Places of those that are to be proved. */
  readonly indexes: readonly number[];
}

/**
 * Makes the proof that transactions are in a block.
 * @throws {RangeError} for places outside of the block
 */
export function buildMerkleBlock({ header, hashes, indexes }: MerkleBlockParts): Uint8Array<ArrayBuffer> {
  const rows = merkleRows(hashes);
  const wanted = new Set(indexes);
  for (const index of wanted) {
    if (hashes[index] === undefined) {
      throw new RangeError(`Cannot make a Merkle block: no transaction ${index} of ${hashes.length}`);
    }
  }
  const marks = rows.map((_, height) => new Set([...wanted].map((index) => index >>> height)));
  const kept: Uint8Array[] = [];
  const bits: boolean[] = [];
  const walk = (height: number, index: number): void => {
    const node = rows[height]?.[index];
    if (node === undefined) return; // right of the last of an odd row
    const marked = marks[height]?.has(index) === true;
    bits.push(marked);
    if (!marked || height === 0) return void kept.push(node);
    walk(height - 1, 2 * index);
    walk(height - 1, 2 * index + 1);
  };
  walk(rows.length - 1, 0);
  const writer = new CompactWriter(128 + 32 * kept.length + bits.length).bytes(header).uint32(hashes.length);
  writer.compactSize(kept.length);
  for (const hash of kept) writer.bytes(hash);
  return writer.varBytes(packBits(bits)).finish();
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    if (bit) bytes[i >>> 3] = (bytes[i >>> 3] ?? 0) | (1 << (i & 7));
  });
  return bytes;
}
