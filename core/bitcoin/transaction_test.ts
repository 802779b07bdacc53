import { expect } from "expect";
import { madeTransaction } from "../../tests/support/blocks.ts";
import { bitcoinJson } from "../../tests/support/bitcoin_vectors.ts";
import { codeOf } from "./_fixture.ts";
import { GENESIS_COINBASE, SEGWIT_TRANSACTION } from "./_known.ts";
import { CompactWriter } from "./compact_writer.ts";
import { serializeTransaction } from "./serialize_transaction.ts";
import { parseTransaction } from "./transaction.ts";

const hex = (text: string) => Uint8Array.fromHex(text);

Deno.test("parseTransaction() reads the first transaction", () => {
  const transaction = parseTransaction(hex(GENESIS_COINBASE));
  expect(transaction.txid).toBe("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b");
  expect(transaction.wtxid).toBe(transaction.txid);
  const { isCoinbase, hasWitness, size, strippedSize, weight, vsize } = transaction;
  expect({ isCoinbase, hasWitness, size, strippedSize, weight, vsize }).toEqual(
    { isCoinbase: true, hasWitness: false, size: 204, strippedSize: 204, weight: 816, vsize: 204 },
  );
  expect(new TextDecoder().decode(transaction.inputs[0]?.scriptSig)).toContain("03/Jan/2009 Chancellor");
  expect(transaction.outputs[0]?.sats).toBe(50_0000_0000n);
  expect(transaction.inputs[0]?.witness).toEqual([]);
});

Deno.test("parseTransaction() reads witnesses and leaves them out of the txid", () => {
  const transaction = parseTransaction(hex(SEGWIT_TRANSACTION));
  expect(transaction.txid).toBe("e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609");
  expect(transaction.wtxid).toBe("c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762");
  const { version, lockTime, isCoinbase, hasWitness, size, strippedSize, weight, vsize } = transaction;
  expect({ version, lockTime, isCoinbase, hasWitness }).toEqual(
    { version: 1, lockTime: 17, isCoinbase: false, hasWitness: true },
  );
  expect({ size, strippedSize, weight, vsize }).toEqual(
    { size: 343, strippedSize: 233, weight: 1042, vsize: 261 },
  );
  const [first, second] = transaction.inputs;
  expect(first?.txid).toBe("9f96ade4b41d5433f4eda31e1738ec2b36f6e7d1420d94a6af99801a88f7f7ff");
  expect([first?.index, first?.sequence, first?.witness.length]).toEqual([0, 0xffff_ffee, 0]);
  expect(second?.witness.map(({ length }) => length)).toEqual([71, 33]);
  expect(second?.witness).toBe(second?.witness);
  expect(transaction.outputs.map(({ sats }) => sats)).toEqual([112_340_000n, 223_450_000n]);
});

Deno.test("serializeTransaction() gives back what was read", () => {
  for (const text of [GENESIS_COINBASE, SEGWIT_TRANSACTION]) {
    const transaction = parseTransaction(hex(text));
    expect(serializeTransaction(transaction).toHex()).toBe(text);
    const bare = parseTransaction(serializeTransaction(transaction, { witness: false }));
    expect([bare.txid, bare.wtxid, bare.hasWitness]).toEqual([transaction.txid, transaction.txid, false]);
    expect(bare.size).toBe(transaction.strippedSize);
  }
});

Deno.test("parseTransaction() reads what it was given as a view inside a larger buffer", () => {
  const padded = new Uint8Array(400).fill(0xee);
  padded.set(hex(SEGWIT_TRANSACTION), 7);
  const transaction = parseTransaction(padded.subarray(7, 350));
  expect(transaction.txid.slice(0, 8)).toBe("e8151a2a");
  expect(transaction.raw.toHex()).toBe(SEGWIT_TRANSACTION);
});

const OUTPOINT = "11".repeat(32) + "00000000";
const INPUT = `${OUTPOINT}00ffffffff`;
const OUTPUT = "e80300000000000000";

Deno.test("parseTransaction() refuses what is not a transaction's form", async (t) => {
  const table: readonly (readonly [string, string, string])[] = [
    ["nothing", "", "TRUNCATED"],
    ["only a version", "02000000", "TRUNCATED"],
    ["no inputs", `020000000001${OUTPUT}00000000`, "TRUNCATED"],
    ["no inputs, no outputs", "02000000000000000000", "BAD_WITNESS_FLAG"],
    ["no inputs behind the marker", `02000000000100${"01" + OUTPUT}00000000`, "NO_INPUTS"],
    ["flag 2", `020000000002${"01" + INPUT}${"01" + OUTPUT}0000000000`, "BAD_WITNESS_FLAG"],
    ["flag 3", `020000000003${"01" + INPUT}${"01" + OUTPUT}0000000000`, "BAD_WITNESS_FLAG"],
    [
      "a marker without witnesses",
      `020000000001${"01" + INPUT}${"01" + OUTPUT}0000000000`,
      "SUPERFLUOUS_WITNESS",
    ],
    ["a byte too many", `02000000${"01" + INPUT}${"01" + OUTPUT}0000000000`, "TRAILING_BYTES"],
    ["a byte too few", `02000000${"01" + INPUT}${"01" + OUTPUT}000000`, "TRUNCATED"],
    ["a long count", `02000000${"fd0100" + INPUT}${"01" + OUTPUT}00000000`, "NOT_CANONICAL"],
    ["more inputs than bytes", `02000000${"fdffff" + INPUT}${"01" + OUTPUT}00000000`, "TOO_LARGE"],
    ["inputs without end", `02000000${"ffffffffffffff1f00" + INPUT}${"01" + OUTPUT}00000000`, "TOO_LARGE"],
    ["more outputs than bytes", `02000000${"01" + INPUT}${"10" + OUTPUT}00000000`, "TRUNCATED"],
    ["a script beyond the end", `02000000${"01" + OUTPOINT}fc000000010000000000ffffffff`, "TRUNCATED"],
    [
      "witness items beyond the end",
      `020000000001${"01" + INPUT}${"01" + OUTPUT}2000000000`,
      "TRUNCATED",
    ],
    [
      "a witness item beyond the end",
      `020000000001${"01" + INPUT}${"01" + OUTPUT}012000000000`,
      "TRUNCATED",
    ],
    ["a long witness count", `020000000001${"01" + INPUT}${"01" + OUTPUT}fd01000000000000`, "NOT_CANONICAL"],
    ["many witness items", `020000000001${"01" + INPUT}${"01" + OUTPUT}feffffff0000000000`, "TRUNCATED"],
  ];
  for (const [name, text, code] of table) {
    await t.step(`${name}: ${code}`, () => {
      expect(codeOf(() => parseTransaction(hex(text)))).toBe(code);
    });
  }
});

Deno.test("parseTransaction() refuses every beginning of a transaction", () => {
  const whole = hex(SEGWIT_TRANSACTION);
  for (let length = 0; length < whole.length; length++) {
    expect(codeOf(() => parseTransaction(whole.subarray(0, length)))).toBeDefined();
  }
});

Deno.test("parseTransaction() keeps to the weight", () => {
  const scriptPubKey = (length: number) => [{ scriptPubKey: new Uint8Array(length) }];
  const most = madeTransaction({ outputs: scriptPubKey(1_000_000 - 60 - 4) });
  expect(most.weight).toBe(4_000_000);
  const over = serializeTransaction({
    ...most,
    ...{ outputs: [{ sats: 0n, scriptPubKey: new Uint8Array(999_937) }] },
  });
  expect(codeOf(() => parseTransaction(over))).toBe("TOO_LARGE");
  expect(codeOf(() => parseTransaction(new Uint8Array(4_000_001)))).toBe("TOO_LARGE");
  expect(codeOf(() => parseTransaction(hex(SEGWIT_TRANSACTION), { maxWeight: 1041 }))).toBe("TOO_LARGE");
  expect(parseTransaction(hex(SEGWIT_TRANSACTION), { maxWeight: 1042 }).weight).toBe(1042);
});

Deno.test("parseTransaction() makes nothing of millions of witness items until they are asked for", () => {
  const items = 3_000_000;
  const writer = new CompactWriter(items + 100).bytes(hex(`020000000001${"01" + INPUT}${"01" + OUTPUT}`));
  const raw = writer.compactSize(items).bytes(new Uint8Array(items)).uint32(0).finish();
  const before = Deno.memoryUsage().heapUsed;
  const transaction = parseTransaction(raw);
  expect(transaction.hasWitness).toBe(true);
  expect(transaction.txid).toHaveLength(64);
  expect(Deno.memoryUsage().heapUsed - before).toBeLessThan(100 * items / 10);
});

Deno.test("parseTransaction() and serializeTransaction() agree on the transactions of BIP 119", async (t) => {
  const rows = await bitcoinJson<readonly { readonly hex_tx: string; readonly desc: Description }[]>(
    "../bip119/ctvhash-first-50.json",
  );
  const tables = await Promise.all(
    ["tx_valid", "tx_invalid"].map((name) =>
      bitcoinJson<readonly (readonly unknown[])[]>(`../bip119/${name}.json`)
    ),
  );
  if (rows === undefined || tables.includes(undefined)) {
    await t.step({ name: "vectors are not here", ignore: true, fn() {} });
    return;
  }
  for (const { hex_tx, desc } of rows) {
    const transaction = parseTransaction(hex(hex_tx));
    expect(serializeTransaction(transaction).toHex()).toBe(hex_tx);
    expect([transaction.version | 0, transaction.inputs.length, transaction.outputs.length]).toEqual(
      [desc.Version, desc.Inputs, desc.Outputs],
    );
    expect(transaction.hasWitness).toBe(desc.Witness);
    expect(transaction.inputs.some(({ scriptSig }) => scriptSig.length > 0)).toBe(desc.scriptSigs);
  }
  const texts = tables.flatMap((table) => table ?? []).flatMap(([, text]) =>
    typeof text === "string" && /^[0-9a-f]{20,}$/.test(text) ? [text] : []
  );
  expect(texts.length).toBeGreaterThan(20);
  for (const text of texts) expect(serializeTransaction(parseTransaction(hex(text))).toHex()).toBe(text);
});

interface Description {
  readonly Version: number;
  readonly Inputs: number;
  readonly Outputs: number;
  readonly Witness: boolean;
  readonly scriptSigs: boolean;
}
