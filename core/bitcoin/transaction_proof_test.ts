import { expect } from "expect";
import { madeCoinbase, madeTransaction, madeTransactions, mineBlock } from "../../tests/support/blocks.ts";
import { codeOf } from "./_fixture.ts";
import { merkleRoot } from "./merkle.ts";
import { buildMerkleBlock } from "./merkle_block.ts";
import { serializeTransaction } from "./serialize_transaction.ts";
import { parseTransaction } from "./transaction.ts";
import { verifyTransactionProof } from "./transaction_proof.ts";
import type { Transaction } from "./transaction_types.ts";

const PARENT = { hash: new Uint8Array(32), time: 1 };
const others = madeTransactions(6);
const block = mineBlock(PARENT, { height: 7, transactions: others });
const empty = new Uint8Array();

function proofOf(
  of: { readonly header: Uint8Array; readonly transactions: readonly Transaction[] },
  indexes: readonly number[],
) {
  return buildMerkleBlock({ header: of.header, hashes: of.transactions.map(({ hash }) => hash), indexes });
}

Deno.test("verifyTransactionProof() shows where a transaction is", () => {
  const raw = block.transactions[4]?.raw ?? empty;
  const shown = verifyTransactionProof({ proof: proofOf(block, [2, 4]), transaction: raw });
  expect([shown.index, shown.depthChecked, shown.proof.blockHash]).toEqual([4, false, block.hash]);
  const bare = serializeTransaction(parseTransaction(raw), { witness: false }); // witnesses are not bound
  expect(verifyTransactionProof({ proof: proofOf(block, [4]), transaction: bare }).index).toBe(4);
});

Deno.test("verifyTransactionProof() fixes the depth by the coinbase", () => {
  const [coinbase, , , fourth] = block.transactions.map(({ raw }) => raw);
  const transaction = fourth ?? empty;
  const both = verifyTransactionProof({
    proof: proofOf(block, [0, 3]),
    transaction,
    coinbase: { transaction: coinbase ?? empty },
  });
  expect(both.depthChecked).toBe(true);
  const apart = verifyTransactionProof({
    proof: proofOf(block, [3]),
    transaction,
    coinbase: { transaction: coinbase ?? empty, proof: proofOf(block, [0]) },
  });
  expect(apart.depthChecked).toBe(true);
  expect(verifyTransactionProof({ proof: proofOf(block, [0]), transaction: coinbase ?? empty }).depthChecked)
    .toBe(true);
});

Deno.test("verifyTransactionProof() refuses a coinbase that fixes nothing", async (t) => {
  const [coinbase = empty, , , transaction = empty] = block.transactions.map(({ raw }) => raw);
  const other = mineBlock(PARENT, { height: 7, transactions: others, tag: 1 });
  const claimed = proofOf(block, [0]);
  claimed[80] = 8; // transactions, in a tree of the same depth
  const table = [
    [
      "of another block",
      { transaction: other.transactions[0]?.raw ?? empty, proof: proofOf(other, [0]) },
      "PROOF_DEPTH",
    ],
    ["of a tree of another size", { transaction: coinbase, proof: claimed }, "PROOF_DEPTH"],
    ["that is none", { transaction, proof: proofOf(block, [3]) }, "PROOF_DEPTH"],
    ["that is not proved", { transaction: coinbase }, "PROOF_OTHER_TRANSACTION"],
  ] as const;
  for (const [name, coinbase, code] of table) {
    await t.step(name, () => {
      expect(codeOf(() => verifyTransactionProof({ proof: proofOf(block, [3]), transaction, coinbase })))
        .toBe(code);
    });
  }
  await t.step("that stands at the first place and is none", () => {
    const [payment = madeTransaction(), ...rest] = others;
    const odd = mineBlock(PARENT, { height: 7, coinbase: payment, transactions: rest });
    const parts = { proof: proofOf(odd, [0, 2]), transaction: odd.transactions[2]?.raw ?? empty };
    expect(codeOf(() => verifyTransactionProof({ ...parts, coinbase: { transaction: payment.raw } }))).toBe(
      "PROOF_DEPTH",
    );
    expect(verifyTransactionProof({ ...parts, transaction: payment.raw }).depthChecked).toBe(false);
  });
  await t.step("at another place", () => {
    const second = madeCoinbase({ height: 9 });
    const odd = mineBlock(PARENT, { height: 7, transactions: [second, ...others] });
    const parts = { proof: proofOf(odd, [1, 4]), transaction: odd.transactions[4]?.raw ?? empty };
    expect(codeOf(() => verifyTransactionProof({ ...parts, coinbase: { transaction: second.raw } }))).toBe(
      "PROOF_DEPTH",
    );
  });
});

Deno.test("verifyTransactionProof() refuses a transaction that is not shown", () => {
  const transaction = madeTransaction({ lockTime: 99 }).raw;
  expect(codeOf(() => verifyTransactionProof({ proof: proofOf(block, [1]), transaction }))).toBe(
    "PROOF_OTHER_TRANSACTION",
  );
});

/** A transaction of 64 bytes whose last half begins with `seed`. */
const small = () => madeTransaction({ outputs: [{ scriptPubKey: new Uint8Array(4) }] });

Deno.test("verifyTransactionProof() takes no transaction of 64 bytes, which could be a node of the tree", () => {
  expect(small().strippedSize).toBe(64);
  const odd = mineBlock(PARENT, { height: 7, transactions: [...others, small()] });
  expect(codeOf(() => verifyTransactionProof({ proof: proofOf(odd, [7]), transaction: small().raw }))).toBe(
    "TRANSACTION_64_BYTES",
  );
  const witty = madeTransaction({
    inputs: [{ witness: [Uint8Array.of(1)] }],
    outputs: [{ scriptPubKey: new Uint8Array(4) }],
  });
  const wittyBlock = mineBlock(PARENT, { height: 7, transactions: [witty] });
  expect(witty.size).toBeGreaterThan(64);
  expect(codeOf(() => verifyTransactionProof({ proof: proofOf(wittyBlock, [1]), transaction: witty.raw })))
    .toBe(
      "TRANSACTION_64_BYTES",
    );
});

Deno.test("a transaction below one of 64 bytes is found out by the coinbase", () => {
  // A block of two: the coinbase and a transaction of 64 bytes. Read as a tree of four, the halves of the small one are
  // leaves: here its last 32 bytes are what a forger would have ground to be the hash of a payment.
  const odd = mineBlock(PARENT, { height: 7, transactions: [small()], commitment: false });
  const [coinbase, leaf] = odd.transactions;
  const [left, right] = [leaf?.raw.subarray(0, 32) ?? empty, leaf?.raw.subarray(32) ?? empty];
  const stripped = coinbase?.raw ?? empty;
  expect(merkleRoot([left, right]).root).toEqual(leaf?.hash);
  expect(stripped.length).not.toBe(64); // so it has no halves that could stand at the same depth as the forged leaf
  const forged = new Uint8Array([
    ...odd.header,
    ...[4, 0, 0, 0],
    3,
    ...(coinbase?.hash ?? empty),
    ...left,
    ...right,
    1,
    0b10101, // root, not the coinbase's pair, the small one's, not its left half, its right half
  ]);
  const proof = forged;
  const fake = right.toReversed().toHex();
  expect(codeOf(() => verifyTransactionProof({ proof, transaction: others[0]?.raw ?? empty }))).toBe(
    "PROOF_OTHER_TRANSACTION", // as nobody has ground it; the Merkle proof itself holds
  );
  expect(fake).toHaveLength(64);
  const coinbaseProof = proofOf(odd, [0]);
  const shown = { transaction: stripped, proof: coinbaseProof };
  // with the coinbase's honest proof the sizes differ, and in a tree of four the coinbase has no place
  expect(
    codeOf(() =>
      verifyTransactionProof({
        proof: coinbaseProof,
        transaction: stripped,
        coinbase: { ...shown, proof: forged },
      })
    ),
  )
    .toBe("PROOF_DEPTH");
});
