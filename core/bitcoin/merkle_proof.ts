import {
  type BlockHeader,
  CommonsError,
  displayDoubleSha256,
  displayHash,
  equalBytes,
  type HashHex,
  parseHeader,
} from "../base/mod.ts";
import { MAX_BLOCK_TRANSACTIONS } from "./limits.ts";
import { hashPair } from "./merkle.ts";
import { type MerkleBlock, parseMerkleBlock } from "./merkle_block.ts";

/** A leaf that a Merkle block proves. */
export interface MerkleMatch {
  readonly txid: HashHex;
  /** Place among the block's transactions. */
  readonly index: number;
}

/** What a Merkle block shows, once its hashes add up to the root of its own header. */
export interface MerkleProof {
  readonly header: BlockHeader;
  /** 80 bytes. */
  readonly headerBytes: Uint8Array;
  readonly blockHash: HashHex;
  /** In the order of the block; empty for a proof of nothing. */
  readonly matches: readonly MerkleMatch[];
  /** Transactions of the block, as the proof claims; bound only as closely as the depth of the tree. */
  readonly total: number;
}

/**
 * Checks a Merkle block (BIP 37) against the root in its own header: number of transactions, shape of the tree, every
 * hash and bit used once, no equal neighbours (CVE-2012-2459), no marked node without a match below it, unused bits 0.
 *
 * What it does not show: that the header is on any chain (ask the header chain); and that a match is a transaction. A
 * node of the tree is the hash of 64 bytes, so a transaction of 64 bytes can be passed off as a node and the other way
 * round. For a transaction use {@linkcode verifyTransactionProof}.
 *
 * @throws {CommonsError} those of {@linkcode parseMerkleBlock}; `PROOF_EMPTY` (a block without transactions),
 * `PROOF_TOO_MANY` (more than a block can hold), `PROOF_HASHES`, `PROOF_BITS` (too few, too many or senseless),
 * `PROOF_TWINS` (equal neighbours), `PROOF_ROOT` (it adds up to something else)
 */
export function verifyMerkleBlock(proof: MerkleBlock | Uint8Array): MerkleProof {
  const block = proof instanceof Uint8Array ? parseMerkleBlock(proof) : proof;
  const { total, hashes, flags } = block;
  if (total === 0) fail("PROOF_EMPTY", "its block has no transactions");
  if (total > MAX_BLOCK_TRANSACTIONS) fail("PROOF_TOO_MANY", `no block has ${total} transactions`);
  if (hashes.length > total) fail("PROOF_HASHES", "more hashes than transactions");
  if (flags.length * 8 < hashes.length) fail("PROOF_BITS", "fewer bits than hashes");
  const walk = new Walk(block);
  const root = walk.run();
  const header = parseHeader(block.header);
  if (!equalBytes(root, header.merkleRoot)) fail("PROOF_ROOT", "its hashes are not those of the header");
  const blockHash = displayDoubleSha256(block.header);
  return { header, headerBytes: block.header, blockHash, matches: walk.matches, total };
}

/** Goes down the tree as whoever made the proof did. */
class Walk {
  readonly matches: MerkleMatch[] = [];
  readonly #block: MerkleBlock;
  #bits = 0;
  #hashes = 0;

  constructor(block: MerkleBlock) {
    this.#block = block;
  }

  run(): Uint8Array {
    const { total, hashes, flags } = this.#block;
    const root = this.#node(Math.ceil(Math.log2(total)), 0);
    if (this.#hashes !== hashes.length) fail("PROOF_HASHES", "not all hashes are used");
    if (Math.ceil(this.#bits / 8) !== flags.length) fail("PROOF_BITS", "not all bits are used");
    while (this.#bits < flags.length * 8) {
      if (this.#bit()) fail("PROOF_BITS", "an unused bit is set");
    }
    return root;
  }

  #node(height: number, index: number): Uint8Array {
    const marked = this.#bit();
    if (!marked) return this.#hash();
    if (height === 0) {
      const hash = this.#hash();
      this.matches.push({ txid: displayHash(hash), index });
      return hash;
    }
    const before = this.matches.length;
    const left = this.#node(height - 1, 2 * index);
    const right = this.#right(left, { height: height - 1, index: 2 * index + 1 });
    if (this.matches.length === before) fail("PROOF_BITS", "a marked node without a match below it");
    return hashPair(left, right);
  }

  #right(
    left: Uint8Array,
    { height, index }: { readonly height: number; readonly index: number },
  ): Uint8Array {
    if (index * 2 ** height >= this.#block.total) return left; // the last of an odd row is repeated
    const right = this.#node(height, index);
    if (equalBytes(left, right)) fail("PROOF_TWINS", "two neighbours are equal");
    return right;
  }

  #bit(): boolean {
    const at = this.#bits++;
    const byte = this.#block.flags[at >>> 3];
    if (byte === undefined) fail("PROOF_BITS", "too few bits");
    return (byte >>> (at & 7) & 1) === 1;
  }

  #hash(): Uint8Array {
    const hash = this.#block.hashes[this.#hashes++];
    if (hash === undefined) fail("PROOF_HASHES", "too few hashes");
    return hash;
  }
}

function fail(code: Uppercase<string>, state: string): never {
  throw new CommonsError(code, `Cannot accept a Merkle proof: ${state}`);
}
