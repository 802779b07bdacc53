import { fromHex } from "../base/mod.ts";
import { CompactWriter } from "./compact_writer.ts";
import type { TransactionInput, TransactionOutput, TransactionParts } from "./transaction_types.ts";

/** Options of {@linkcode serializeTransaction}. */
export interface SerializeTransactionOptions {
  /** False leaves the witnesses out, as for the txid; default true: they are written when there are any (BIP144). */
  readonly witness?: boolean;
}

/** Bytes of a transaction. Its txids are hex digits as people see them; any other text throws `INVALID_HEX`. */
export function serializeTransaction(
  parts: TransactionParts,
  options: SerializeTransactionOptions = {},
): Uint8Array<ArrayBuffer> {
  const witness = (options.witness ?? true) && parts.inputs.some((input) => input.witness.length > 0);
  const writer = new CompactWriter(1024).uint32(parts.version);
  if (witness) writer.uint8(0).uint8(1);
  writer.compactSize(parts.inputs.length);
  for (const input of parts.inputs) writeInput(writer, input);
  writer.compactSize(parts.outputs.length);
  for (const output of parts.outputs) writer.bytes(serializeOutput(output));
  if (witness) { for (const input of parts.inputs) writeWitness(writer, input.witness); }
  return writer.uint32(parts.lockTime).finish();
}

/** Bytes of one output, as they are in a transaction and in signature hashes. */
export function serializeOutput(output: TransactionOutput): Uint8Array<ArrayBuffer> {
  const writer = new CompactWriter(output.scriptPubKey.length + 17);
  return writer.uint64(output.sats).varBytes(output.scriptPubKey).finish();
}

function writeInput(writer: CompactWriter, input: TransactionInput): void {
  writer.bytes(fromHex(input.txid, { length: 32, title: "a txid" }).reverse());
  writer.uint32(input.index).varBytes(input.scriptSig).uint32(input.sequence);
}

function writeWitness(writer: CompactWriter, witness: readonly Uint8Array[]): void {
  writer.compactSize(witness.length);
  for (const item of witness) writer.varBytes(item);
}
