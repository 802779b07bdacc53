import type { BitcoinNetwork } from "../../base/mod.ts";
import type { Transaction, TransactionInput } from "../../bitcoin/mod.ts";
import { btcAmount } from "./btc_amount.ts";
import { scriptAddress } from "./script_address.ts";
import { scriptAsm } from "./script_asm.ts";
import { scriptType } from "./script_type.ts";

/** A transaction in the fields of Bitcoin Core. */
export function transactionView(transaction: Transaction, network: BitcoinNetwork) {
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
      scriptPubKey: scriptView(scriptPubKey, network),
    })),
  };
}

/** An output's script. */
export function scriptView(script: Uint8Array, network: BitcoinNetwork) {
  const type = scriptType(script);
  const address = scriptAddress(script, { type, network });
  return { asm: scriptAsm(script), hex: script.toHex(), ...(address !== undefined && { address }), type };
}

function inputView(input: TransactionInput, isCoinbase: boolean) {
  const spent = isCoinbase
    ? { coinbase: input.scriptSig.toHex() }
    : { txid: input.txid, vout: input.index, scriptSig: signatureView(input.scriptSig) };
  return {
    ...spent,
    ...(input.witness.length > 0 && { txinwitness: input.witness.map((item) => item.toHex()) }),
    sequence: input.sequence,
  };
}

function signatureView(script: Uint8Array) {
  return { asm: scriptAsm(script, { signatures: true }), hex: script.toHex() };
}
