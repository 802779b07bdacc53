/** The node's own form. */
const NATIVE = "ed25519:";
/** Begin of libp2p's protobuf of a private key as hex: type Ed25519, then the field of the key's bytes; their length follows. */
const PROTOBUF = "080112";
const KEY_DIGITS = 64;

/** An Ed25519 key as a file says it, in lower-case hex. */
export interface KeyForm {
  readonly seed: string;
  /** What the file says that the public key is: not at all, once or twice. */
  readonly publicKeys: readonly string[];
}

/**
 * The forms that a key file may have: the node's own, `ed25519:<seed>`, and what nodes of other kinds write, as hex: seed
 * and public key (64 bytes), these and the public key again (96 bytes), and libp2p's protobuf around one of these or
 * around the seed. A bare seed is none: nothing tells what 32 bytes are.
 */
export const KEY_FORMS =
  /^(?:ed25519:[0-9a-f]{64}|(?:[0-9A-Fa-f]{64}){2,3}|080112(?:20[0-9A-Fa-f]{64}|40[0-9A-Fa-f]{128}|60[0-9A-Fa-f]{192}))$/;

/** Reads a text that {@linkcode KEY_FORMS} matches. */
export function readKeyForm(text: string): KeyForm {
  const hex = keyDigits(text).toLowerCase();
  const [seed = "", ...publicKeys] = hex.match(/[0-9a-f]{64}/g) ?? [];
  return { seed, publicKeys };
}

function keyDigits(text: string): string {
  if (text.startsWith(NATIVE)) return text.slice(NATIVE.length);
  // The bare forms are whole numbers of keys long, the protobuf is four bytes longer.
  return text.length % KEY_DIGITS === 0 ? text : text.slice(PROTOBUF.length + 2);
}
