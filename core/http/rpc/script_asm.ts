import { opcodeName } from "./opcode_names.ts";
import { stepAt } from "./script_push.ts";

/** Pushes up to this length are written as numbers. */
const MAX_NUMBER_BYTES = 4;
const HASH_TYPES: ReadonlyMap<number, string> = new Map([
  [0x01, "ALL"],
  [0x02, "NONE"],
  [0x03, "SINGLE"],
  [0x81, "ALL|ANYONECANPAY"],
  [0x82, "NONE|ANYONECANPAY"],
  [0x83, "SINGLE|ANYONECANPAY"],
]);

/**
 * A script as text, as Bitcoin Core writes it. In `signatures` (an input's script) the last byte of what has the form of a
 * signature is written as its meaning.
 */
export function scriptAsm(script: Uint8Array, { signatures = false } = {}): string {
  const words: string[] = [];
  for (let at = 0; at < script.length;) {
    const step = stepAt(script, at);
    if (step === undefined) {
      words.push("[error]");
      break;
    }
    words.push(step.pushed === undefined ? opcodeName(step.opcode) : pushText(step.pushed, signatures));
    at = step.next;
  }
  return words.join(" ");
}

function pushText(bytes: Uint8Array, signatures: boolean): string {
  if (bytes.length <= MAX_NUMBER_BYTES) return String(numberOf(bytes));
  const type = signatures ? HASH_TYPES.get(bytes.at(-1) ?? 0) : undefined;
  if (type === undefined || !isSignature(bytes)) return bytes.toHex();
  return `${bytes.subarray(0, -1).toHex()}[${type}]`;
}

/** The lowest byte first, the highest bit of the last one is the sign. */
function numberOf(bytes: Uint8Array): number {
  const size = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  const sign = 2 ** (8 * bytes.length - 1);
  return bytes.length > 0 && size >= sign ? sign - size || 0 : size;
}

/** DER with a byte for the type behind it (BIP66). */
function isSignature(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length < 9 || length > 73) return false;
  if (bytes[0] !== 0x30 || bytes[1] !== length - 3) return false;
  const r = bytes[3] ?? 0;
  const s = bytes[5 + r];
  if (s === undefined || r + s + 7 !== length) return false;
  return isInteger(bytes.subarray(2, 4 + r)) && isInteger(bytes.subarray(4 + r, 6 + r + s));
}

/** Type, length and value of a number that is positive and not padded. */
function isInteger(part: Uint8Array): boolean {
  const [type, length, first = 0, second = 0] = part;
  if (type !== 0x02 || length === 0) return false;
  if ((first & 0x80) !== 0) return false;
  return !(part.length > 3 && first === 0 && (second & 0x80) === 0);
}
