import { type PeerIdText, tryPeerIdText } from "../base/mod.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz";
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** Multibase prefixes of the two forms that programs write; both may also stand in capitals. */
const ALPHABETS: Readonly<Record<string, string>> = { b: BASE32, k: BASE36 };
const CID_FORM = /^(?:b[a-z2-7]{50,80}|B[A-Z2-7]{50,80}|k[0-9a-z]{50,80}|K[0-9A-Z]{50,80})$/;
/** CID version 1, content a libp2p key. */
const CID_PREFIX = [0x01, 0x72] as const;
const IDENTITY = 0x00;
const SHA256 = 0x12;

/** A peer id as this node writes it, base58; also of one that is written as a CID. `undefined` for what is neither. */
export function peerText(text: string): PeerIdText | undefined {
  return peerOfCid(text) ?? tryPeerIdText(text);
}

/**
 * The peer id in the other form that the libp2p specification knows, a CID of version 1 in base32 or base36 (`bafz…`,
 * `k51…`). `undefined` for all else, which is found out cheaply.
 */
export function peerOfCid(text: string): PeerIdText | undefined {
  if (!CID_FORM.test(text)) return undefined;
  const lower = text.toLowerCase();
  const alphabet = ALPHABETS[lower.charAt(0)] ?? "";
  const bytes = alphabet === BASE32 ? bytesOfBase32(lower.slice(1)) : bytesOfNumber(numberOf(lower.slice(1)));
  const [version, codec, hash, length] = bytes;
  const digest = bytes.length - 4;
  if (version !== CID_PREFIX[0] || codec !== CID_PREFIX[1] || length !== digest) return undefined;
  if (hash !== IDENTITY && !(hash === SHA256 && digest === 32)) return undefined;
  return tryPeerIdText(base58(bytes.slice(2)));
}

function bytesOfBase32(text: string): readonly number[] {
  const bytes: number[] = [];
  let [bits, value] = [0, 0];
  for (const char of text) {
    value = (value << 5 | BASE32.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(value >> bits & 0xff);
  }
  const isWhole = bits < 5 && (value & (1 << bits) - 1) === 0;
  return isWhole ? bytes : [];
}

/** Of base36 digits. What they stand for begins with 1, so no leading zeros are lost. */
function numberOf(text: string): bigint {
  let number = 0n;
  for (const char of text) number = number * 36n + BigInt(BASE36.indexOf(char));
  return number;
}

function bytesOfNumber(number: bigint): readonly number[] {
  const hex = number.toString(16);
  return [...Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)];
}

function base58(bytes: readonly number[]): string {
  const zeros = bytes.findIndex((byte) => byte !== 0);
  let number = BigInt(`0x${Uint8Array.from(bytes).toHex()}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = BASE58.charAt(Number(number % 58n)) + text;
  return "1".repeat(Math.max(0, zeros)) + text;
}
