const CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** What the checksum is mixed with: version 0 (BIP173), later ones (BIP350). */
const BECH32 = 1;
const BECH32M = 0x2bc830a3;
const CHECKSUM_LENGTH = 6;

/** Address of a witness program: bech32 (BIP173) for version 0, bech32m (BIP350) for 1 to 16. */
export function segwitAddress(
  prefix: string,
  { version, program }: { readonly version: number; readonly program: Uint8Array },
): string {
  const words = [version, ...fiveBits(program)];
  const known = [...expanded(prefix), ...words];
  const sum = polymod([...known, ...new Array<number>(CHECKSUM_LENGTH).fill(0)]) ^
    (version === 0 ? BECH32 : BECH32M);
  const check = Array.from({ length: CHECKSUM_LENGTH }, (_, i) => sum >>> (5 * (5 - i)) & 31);
  return `${prefix}1${[...words, ...check].map((word) => CHARACTERS[word]).join("")}`;
}

/** Bytes in groups of five bits, the last one filled up with zeros. */
function fiveBits(bytes: Uint8Array): number[] {
  const words: number[] = [];
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8 | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) words.push(held >>> (bits - 5) & 31);
  }
  if (bits > 0) words.push(held << (5 - bits) & 31);
  return words;
}

function expanded(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  let sum = 1;
  for (const word of words) {
    const top = sum >>> 25;
    sum = (sum & 0x1ffffff) << 5 ^ word;
    for (const [i, term] of GENERATOR.entries()) if (top >>> i & 1) sum ^= term;
  }
  return sum;
}
