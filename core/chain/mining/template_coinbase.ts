import { CommonsError, fromHex, type HashHex } from "../../base/mod.ts";
import {
  commitmentScript,
  heightScript,
  serializeTransaction,
  type TransactionOutput,
} from "../../bitcoin/mod.ts";

/** An input that spends nothing. */
const NO_TXID = "00".repeat(32) as HashHex;
const NO_INDEX = 0xffff_ffff;
/** All that there will ever be. */
const MAX_SATS = 2_100_000_000_000_000n;
const MAX_SCRIPT_DIGITS = 2 * 10_000;
const HASH_BYTES = 32;

/**
 * The coinbase of a block template (BIP22, BIP145): pays the whole value to `script`, commits to the template's witnesses
 * where it has some. Bytes with the witness that belongs to the commitment. A miner adds an extra nonce to its script.
 *
 * @throws {CommonsError} `SOURCE_FAULT` when the template lacks what a coinbase needs
 */
export function templateCoinbase(template: unknown, script: Uint8Array): Uint8Array {
  const { height, coinbasevalue, default_witness_commitment: commitment } = fieldsOf(template);
  if (typeof height !== "number" || !Number.isSafeInteger(height) || height < 0 || height > 0xffff_ffff) {
    throw fault("height");
  }
  const outputs: TransactionOutput[] = [{ sats: valueOf(coinbasevalue), scriptPubKey: script }];
  if (commitment !== undefined) outputs.push({ sats: 0n, scriptPubKey: commitmentScriptOf(commitment) });
  const push = heightScript(height);
  return serializeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [{
      txid: NO_TXID,
      index: NO_INDEX,
      scriptSig: push.length < 2 ? Uint8Array.of(...push, 0x00) : push, // at least two bytes by consensus
      sequence: 0xffff_ffff,
      witness: commitment === undefined ? [] : [new Uint8Array(32)],
    }],
    outputs,
  });
}

function fieldsOf(template: unknown): Readonly<Record<string, unknown>> {
  if (typeof template === "object" && template !== null) return Object.fromEntries(Object.entries(template));
  throw fault("fields");
}

function valueOf(value: unknown): bigint {
  const sats = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : -1n;
  if (sats < 0n || sats > MAX_SATS) throw fault("coinbasevalue");
  return sats;
}

/** By BIP145 it is the whole script; btcd gives the hash alone. */
function commitmentScriptOf(hex: unknown): Uint8Array {
  if (typeof hex !== "string" || hex.length > MAX_SCRIPT_DIGITS || !/^(?:[0-9a-f]{2})+$/.test(hex)) {
    throw fault("default_witness_commitment");
  }
  const bytes = fromHex(hex, { title: "the witness commitment" });
  return bytes.length === HASH_BYTES ? commitmentScript(bytes) : bytes;
}

function fault(field: string): CommonsError {
  return new CommonsError("SOURCE_FAULT", `Cannot use the block template: it has no valid ${field}`);
}
