import {
  displayHash,
  doubleSha256,
  type HashHex,
  POW_LIMIT_BITS,
  serializeHeader,
} from "../../core/base/mod.ts";
import {
  commitmentOf,
  commitmentScript,
  CompactWriter,
  heightScript,
  merkleRoot,
  parseTransaction,
  serializeTransaction,
  type Transaction,
  type TransactionInput,
  type TransactionOutput,
  type TransactionParts,
} from "../../core/bitcoin/mod.ts";
import { type MinedTip, mineHeader } from "./mining.ts";

/** A block of regtest with real work. */
export interface MinedBlock {
  readonly raw: Uint8Array<ArrayBuffer>;
  /** 80 bytes. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly hash: HashHex;
  readonly transactions: readonly Transaction[];
  readonly tip: MinedTip;
}

export interface MineBlockOptions {
  readonly height: number;
  /** Those behind the coinbase. */
  readonly transactions?: readonly Transaction[];
  /** Whether the coinbase commits to the witnesses; default true. */
  readonly commitment?: boolean;
  /** Instead of the one that is made. */
  readonly coinbase?: Transaction;
  /** Makes blocks of one height differ. */
  readonly tag?: number;
}

const RESERVED = new Uint8Array(32);
const COINBASE_TXID = "0".repeat(64) as HashHex;

/** A transaction of these parts, the rest made up. */
export function madeTransaction(parts: {
  readonly version?: number;
  readonly inputs?: readonly Partial<TransactionInput>[];
  readonly outputs?: readonly Partial<TransactionOutput>[];
  readonly lockTime?: number;
} = {}): Transaction {
  const { version = 2, inputs = [{}], outputs = [{}], lockTime = 0 } = parts;
  const whole: TransactionParts = {
    version,
    lockTime,
    inputs: inputs.map((input) => ({ ...SOME_INPUT, ...input })),
    outputs: outputs.map((output) => ({ sats: 1000n, scriptPubKey: Uint8Array.of(0x51), ...output })),
  };
  return parseTransaction(serializeTransaction(whole));
}

const SOME_INPUT: TransactionInput = {
  txid: "11".repeat(32) as HashHex,
  index: 0,
  scriptSig: new Uint8Array(),
  sequence: 0xffff_fffd,
  witness: [],
};

/** `count` transactions that differ, every other one with a witness. */
export function madeTransactions(count: number, seed = 0): Transaction[] {
  return Array.from({ length: count }, (_, i) => {
    const witness = i % 2 === 1 ? [Uint8Array.of(1, 2, i & 0xff), new Uint8Array()] : [];
    return madeTransaction({ lockTime: seed + i, inputs: [{ index: i, witness }] });
  });
}

/** The first transaction of a block at `height` with these others. */
export function madeCoinbase(options: MineBlockOptions): Transaction {
  const { height, transactions = [], commitment = true, tag = 0 } = options;
  const outputs: Partial<TransactionOutput>[] = [{ sats: 50_0000_0000n }];
  if (commitment) {
    outputs.push({ sats: 0n, scriptPubKey: commitmentScript(commitmentOf(transactions, RESERVED)) });
  }
  const scriptSig = Uint8Array.of(...heightScript(height), 4, ...new Uint8Array(Uint32Array.of(tag).buffer));
  const witness = commitment ? [RESERVED] : [];
  return madeTransaction({
    inputs: [{ txid: COINBASE_TXID, index: 0xffff_ffff, scriptSig, sequence: 0xffff_ffff, witness }],
    outputs,
  });
}

/** Mines a block on `parent` at regtest's difficulty. */
export function mineBlock(parent: MinedTip, options: MineBlockOptions): MinedBlock {
  const transactions = [options.coinbase ?? madeCoinbase(options), ...options.transactions ?? []];
  const time = parent.time + 600;
  const header = serializeHeader({
    version: 0x20000000,
    previous: parent.hash,
    merkleRoot: merkleRoot(transactions.map(({ hash }) => hash)).root,
    time,
    bits: POW_LIMIT_BITS.regtest,
    nonce: 0,
  });
  mineHeader(header);
  const hash = doubleSha256(header);
  const raw = blockBytes(header, transactions);
  return { raw, header, hash: displayHash(hash), transactions, tip: { hash, time } };
}

/** Bytes of a block, whatever its header says. */
export function blockBytes(
  header: Uint8Array,
  transactions: readonly { readonly raw: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const writer = new CompactWriter(1024).bytes(header).compactSize(transactions.length);
  for (const { raw } of transactions) writer.bytes(raw);
  return writer.finish();
}
