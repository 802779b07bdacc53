import { expect } from "expect";
import type { HashHex } from "../base/mod.ts";
import {
  blockBytes,
  madeCoinbase,
  madeTransaction,
  madeTransactions,
  mineBlock,
  type MineBlockOptions,
} from "../../tests/support/blocks.ts";
import { codeOf } from "./_fixture.ts";
import { BLOCK_170, GENESIS_COINBASE } from "./_known.ts";
import { parseBlock } from "./block.ts";
import { type BlockFault, blockFault, type BlockRules, checkBlock } from "./block_fault.ts";
import { heightScript } from "./coinbase_height.ts";
import { CompactWriter } from "./compact_writer.ts";
import { commitmentScript } from "./witness_commitment.ts";

const hex = (text: string) => Uint8Array.fromHex(text);
const PARENT = { hash: new Uint8Array(32), time: 1_700_000_000 };
const mine = (options: Partial<MineBlockOptions> = {}) => mineBlock(PARENT, { height: 500, ...options });
const NOTHING = "0".repeat(64) as HashHex;

Deno.test("parseBlock() reads the block with the first payment", () => {
  const block = parseBlock(hex(BLOCK_170));
  expect(block.hash).toBe("00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee");
  expect(block.transactions.map(({ txid }) => txid)).toEqual([
    "b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082",
    "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
  ]);
  expect([block.size, block.strippedSize, block.weight]).toEqual([490, 490, 1960]);
  expect(block.header.time).toBe(1_231_731_025);
  expect(blockFault(block)).toBe(undefined);
  checkBlock(block, { segwit: false });
});

Deno.test("blockFault() finds every flipped bit of a block, but those of the header", () => {
  const raw = mine({ transactions: madeTransactions(5) }).raw;
  const rules = { height: 500 };
  expect(blockFault(parseBlock(raw), rules)).toBe(undefined);
  const hash = parseBlock(raw).hash;
  for (let bit = 0; bit < raw.length * 8; bit++) {
    const broken = raw.slice();
    broken[bit >>> 3] = (broken[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    const seen = codeOf(() => checkBlock(parseBlock(broken), rules));
    // a header with another time, nonce and so on is another header, for the header chain to judge
    if (seen === undefined) expect([bit < 640, parseBlock(broken).hash === hash]).toEqual([true, false]);
  }
});

Deno.test("blockFault() does not take a coinbase's witness apart that cannot be the reserved bytes", () => {
  const block = parseBlock(mine().raw);
  const coinbase = block.transactions[0];
  if (coinbase === undefined) throw new Error("unreachable: a mined block has a coinbase");
  const script = coinbase.raw.subarray(6, -38);
  const items = 100_000; // nothing but the witness differs, and the txid leaves that out
  const bytes = new CompactWriter().bytes(block.headerBytes).compactSize(1).bytes(coinbase.raw.subarray(0, 6))
    .bytes(script).compactSize(items).bytes(new Uint8Array(items)).bytes(coinbase.raw.subarray(-4)).finish();
  const bloated = parseBlock(bytes);
  const input = bloated.transactions[0]?.inputs[0];
  if (input === undefined) throw new Error("unreachable: it was read");
  let taken = 0;
  Object.defineProperty(input, "witness", { get: () => [++taken] });
  expect([bloated.hash, blockFault(bloated), taken]).toEqual([block.hash, "BAD_WITNESS_RESERVED", 0]);
});

Deno.test("blockFault() names what is wrong", async (t) => {
  const others = madeTransactions(3);
  const header = (options: Partial<MineBlockOptions> = {}) =>
    mine({ transactions: others, ...options }).header;
  const good = mine({ transactions: others });
  const [coinbase, first, second, third] = good.transactions;
  const list = (...transactions: ({ readonly raw: Uint8Array } | undefined)[]) =>
    transactions.flatMap((transaction) => transaction ?? []);
  const odd = (script: Uint8Array, outputs = [{ sats: 0n }]) =>
    madeTransaction({ inputs: [{ txid: NOTHING, index: 0xffff_ffff, scriptSig: script }], outputs });
  const plain = madeTransactions(1);
  const [, , tooWitty] = madeTransactions(3);
  const table: readonly (readonly [string, Uint8Array, BlockFault, BlockRules?])[] = [
    ["no transactions", blockBytes(good.header, []), "NO_TRANSACTIONS"],
    ["one is missing", blockBytes(good.header, list(coinbase, first, second)), "BAD_MERKLE_ROOT"],
    ["another order", blockBytes(good.header, list(coinbase, second, first, third)), "BAD_MERKLE_ROOT"],
    [
      "the last one twice",
      blockBytes(
        header({ transactions: others.slice(0, 2) }),
        list(coinbaseOf(others.slice(0, 2)), first, second, second),
      ),
      "MERKLE_MUTATED",
    ],
    ["no coinbase", mine({ coinbase: madeTransaction() }).raw, "NO_COINBASE"],
    ["two coinbases", mine({ transactions: [madeCoinbase({ height: 9 })] }).raw, "SECOND_COINBASE"],
    ["a short coinbase", mine({ coinbase: odd(Uint8Array.of(1)) }).raw, "BAD_COINBASE_LENGTH"],
    ["a long coinbase", mine({ coinbase: odd(new Uint8Array(101)) }).raw, "BAD_COINBASE_LENGTH"],
    ["another height", good.raw, "BAD_COINBASE_HEIGHT", { height: 501 }],
    ["witnesses before segwit", good.raw, "UNEXPECTED_WITNESS", { segwit: false }],
    [
      "witnesses without a commitment",
      mine({ transactions: others, commitment: false }).raw,
      "UNEXPECTED_WITNESS",
    ],
    [
      "a commitment without reserved bytes",
      mine({ coinbase: committing(plain, []), transactions: plain }).raw,
      "BAD_WITNESS_RESERVED",
    ],
    [
      "31 reserved bytes",
      mine({ coinbase: committing(plain, [new Uint8Array(31)]), transactions: plain }).raw,
      "BAD_WITNESS_RESERVED",
    ],
    [
      "two reserved items",
      mine({ coinbase: committing(plain, [new Uint8Array(32), new Uint8Array(32)]), transactions: plain })
        .raw,
      "BAD_WITNESS_RESERVED",
    ],
    [
      "a commitment to something else",
      mine({ coinbase: coinbaseOf(list(tooWitty)), transactions: others }).raw,
      "BAD_WITNESS_COMMITMENT",
    ],
  ];
  for (const [name, raw, fault, rules] of table) {
    await t.step(`${name}: ${fault}`, () => {
      expect(blockFault(parseBlock(raw), rules)).toBe(fault);
      expect(codeOf(() => checkBlock(parseBlock(raw), rules))).toBe(fault);
    });
  }
});

type Others = NonNullable<MineBlockOptions["transactions"]>;

function coinbaseOf(transactions: readonly { readonly raw: Uint8Array }[]) {
  return madeCoinbase({ height: 500, transactions: transactions as Others });
}

/** A coinbase that commits to 32 zeros, with that witness. */
function committing(_others: Others, witness: readonly Uint8Array[]) {
  const scriptSig = Uint8Array.of(...heightScript(500));
  return madeTransaction({
    inputs: [{ txid: NOTHING, index: 0xffff_ffff, scriptSig, witness }],
    outputs: [{ sats: 0n, scriptPubKey: commitmentScript(new Uint8Array(32)) }],
  });
}

Deno.test("blockFault() takes the last commitment of a coinbase", () => {
  const transactions = madeTransactions(3);
  const right = madeCoinbase({ height: 500, transactions });
  const decoy = { sats: 0n, scriptPubKey: commitmentScript(new Uint8Array(32)) };
  const withOutputs = (outputs: typeof right.outputs) =>
    mine({ transactions, coinbase: madeTransaction({ inputs: right.inputs, outputs }) }).raw;
  expect(blockFault(parseBlock(withOutputs([decoy, ...right.outputs])))).toBe(undefined);
  expect(blockFault(parseBlock(withOutputs([...right.outputs, decoy])))).toBe("BAD_WITNESS_COMMITMENT");
});

Deno.test("blockFault() knows the heights of coinbases (BIP 34)", () => {
  const table: readonly [number, string][] = [
    [0, "00"],
    [1, "51"],
    [16, "60"],
    [17, "0111"],
    [127, "017f"],
    [128, "028000"],
    [255, "02ff00"],
    [256, "020001"],
    [32_767, "02ff7f"],
    [32_768, "03008000"],
    [227_931, "035b7a03"],
    [8_388_607, "03ffff7f"],
    [8_388_608, "0400008000"],
  ];
  for (const [height, script] of table) expect(heightScript(height).toHex()).toBe(script);
  for (const height of [1, 16, 17, 128, 500, 100_000]) {
    expect(blockFault(parseBlock(mine({ height }).raw), { height })).toBe(undefined);
  }
});

Deno.test("parseBlock() refuses what is not a block's form", async (t) => {
  const good = mine({ transactions: madeTransactions(2) });
  const header = good.header;
  const table: readonly (readonly [string, Uint8Array, string])[] = [
    ["nothing", new Uint8Array(), "TRUNCATED"],
    ["a header alone", header, "TRUNCATED"],
    ["a byte too many", Uint8Array.of(...good.raw, 0), "TRAILING_BYTES"],
    ["a byte too few", good.raw.subarray(0, -1), "TRUNCATED"],
    ["more transactions than bytes", Uint8Array.of(...header, 200, ...hex(GENESIS_COINBASE)), "TRUNCATED"],
    ["too many transactions", Uint8Array.of(...header, 0xfe, 255, 255, 0, 1), "TOO_LARGE"],
    ["a long count", Uint8Array.of(...header, 0xfd, 1, 0, ...hex(GENESIS_COINBASE)), "NOT_CANONICAL"],
    ["4,000,001 bytes", new Uint8Array(4_000_001), "TOO_LARGE"],
  ];
  for (const [name, raw, code] of table) {
    await t.step(`${name}: ${code}`, () => expect(codeOf(() => parseBlock(raw))).toBe(code));
  }
});

Deno.test("parseBlock() and blockFault() keep to size and weight", () => {
  const filler = (script: number, witness: number) =>
    madeTransaction({
      inputs: [{ witness: witness > 0 ? [new Uint8Array(witness)] : [] }],
      outputs: [{ scriptPubKey: new Uint8Array(script) }],
    });
  const full = parseBlock(mine({ transactions: [filler(500_000, 1_990_000)] }).raw);
  expect([full.weight < 4_000_000, blockFault(full)]).toEqual([true, undefined]);
  const heavy = parseBlock(mine({ transactions: [filler(350_000, 650_000), filler(350_000, 650_000)] }).raw);
  expect([heavy.weight > 4_000_000, blockFault(heavy)]).toEqual([true, "BLOCK_TOO_LARGE"]);
  const large = mine({ transactions: [filler(600_000, 0), filler(400_000, 0)] }).raw;
  expect(codeOf(() => parseBlock(large))).toBe("TOO_LARGE");
});

Deno.test("parseBlock() takes the fullest blocks", async (t) => {
  await t.step("15,001 small transactions", () => {
    const block = parseBlock(mine({ transactions: madeTransactions(15_000) }).raw);
    expect(block.transactions).toHaveLength(15_001);
    expect(blockFault(block)).toBe(undefined);
  });
  await t.step("three million witness items", () => {
    const [coinbase, witty] = [
      madeCoinbase({ height: 500 }),
      madeTransaction({ inputs: [{ witness: [new Uint8Array()] }] }),
    ];
    const items = 3_000_000;
    const raw = new CompactWriter(items + 200).bytes(witty.raw.subarray(0, -6)).compactSize(items)
      .bytes(new Uint8Array(items)).uint32(0).finish();
    const block = parseBlock(blockBytes(mine().header, [coinbase, { raw }]));
    expect(block.transactions[1]?.hash).toEqual(witty.hash);
    expect(blockFault(block)).toBe("BAD_MERKLE_ROOT");
  });
});
