/** Outputs that anyone can spend without a signature, so that tests need no keys. */

/** The hash of the one-byte script OP_TRUE, as a witness program of regtest (BIP 141, 173). */
export const ANYONE = "bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85";
/** Its script, in hex. */
export const ANYONE_SCRIPT = "00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260";

/** An output that pays to {@linkcode ANYONE}. */
export interface AnyoneOutput {
  /** As people write it. */
  readonly txid: string;
  readonly index: number;
  readonly sats: bigint;
}

/** A transaction (BIP 144) that spends it to {@linkcode ANYONE} again, less `fee` sats; in hex. */
export function spendToAnyone({ txid, index, sats }: AnyoneOutput, fee: bigint): string {
  const outpoint = Uint8Array.fromHex(txid).reverse().toHex() + little(BigInt(index), 4);
  const input = `01${outpoint}00fdffffff`; // may be replaced (BIP 125)
  const output = `01${little(sats - fee, 8)}22${ANYONE_SCRIPT}`;
  const witness = "010151"; // one item of one byte: the script itself
  return `02000000${"0001"}${input}${output}${witness}00000000`;
}

function little(value: bigint, bytes: number): string {
  return Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)).toHex();
}
