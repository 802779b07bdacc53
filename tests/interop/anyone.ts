import { hash } from "node:crypto";

/** An output that anyone can spend without a signature, so that tests need no keys. */
export interface AnyoneScript {
  /** Script of the output: the hash of the other one (BIP 141), in hex. */
  readonly output: string;
  /** Script that the spender shows, in hex. */
  readonly witness: string;
}

/** OP_TRUE as a witness program. */
export const ANYONE = anyoneScript("51");
/** The same as an address of regtest (BIP 173). */
export const ANYONE_ADDRESS = "bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85";

function anyoneScript(witness: string): AnyoneScript {
  return { witness, output: "0020" + hash("sha256", Uint8Array.fromHex(witness), "hex") };
}

/** One that nobody else has: some bytes, dropped, and OP_TRUE. */
export function freshAnyone(): AnyoneScript {
  return anyoneScript(`08${crypto.getRandomValues(new Uint8Array(8)).toHex()}7551`);
}

/** What can be spent. */
export interface AnyoneOutput {
  /** As people write it. */
  readonly txid: string;
  readonly index: number;
  readonly sats: bigint;
  /** Script that the spender shows. */
  readonly witness: string;
}

/** A transaction (BIP 144) that spends it to {@linkcode ANYONE}, less `fee` sats; in hex. */
export function spendToAnyone({ txid, index, sats, witness }: AnyoneOutput, fee: bigint): string {
  const outpoint = Uint8Array.fromHex(txid).reverse().toHex() + little(BigInt(index), 4);
  const input = `01${outpoint}00fdffffff`; // may be replaced (BIP 125)
  const output = `01${little(sats - fee, 8)}22${ANYONE.output}`;
  const shown = `01${little(BigInt(witness.length / 2), 1)}${witness}`;
  return `02000000${"0001"}${input}${output}${shown}00000000`;
}

function little(value: bigint, bytes: number): string {
  return Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)).toHex();
}
