import type { Transaction, TransactionInput } from "../../bitcoin/mod.ts";
import { btcAmount } from "./btc_amount.ts";
import { scriptType } from "./script_type.ts";

/** A transaction in the fields of Bitcoin Core, but for the text of scripts and their addresses. */
export function transactionView(transaction: Transaction) {
  const { txid, wtxid, version, size, vsize, weight, lockTime, inputs, outputs, isCoinbase } = transaction;
  return {
    txid,
    hash: wtxid,
    version,
    size,
    vsize,
    weight,
    locktime: lockTime,
    vin: inputs.map((input) => inputView(input, isCoinbase)),
    vout: outputs.map(({ sats, scriptPubKey }, n) => ({
      value: btcAmount(sats),
      n,
      scriptPubKey: scriptView(scriptPubKey),
    })),
  };
}

/** An output's script. */
export function scriptView(script: Uint8Array) {
  return { hex: script.toHex(), type: scriptType(script) };
}

function inputView(input: TransactionInput, isCoinbase: boolean) {
  const spent = isCoinbase
    ? { coinbase: input.scriptSig.toHex() }
    : { txid: input.txid, vout: input.index, scriptSig: { hex: input.scriptSig.toHex() } };
  return {
    ...spent,
    ...(input.witness.length > 0 && { txinwitness: input.witness.map((item) => item.toHex()) }),
    sequence: input.sequence,
  };
}
