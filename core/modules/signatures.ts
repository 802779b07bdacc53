import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, verify } from "node:crypto";

/** What a public key is told by its length: 64 hex digits are Ed25519, 66 compressed secp256k1. */
export type SignatureScheme = "ed25519" | "secp256k1";

/** Order of secp256k1's group (SEC 2, section 2.4.1). */
export const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** DER in front of the raw bytes of a public key (SubjectPublicKeyInfo: RFC 8410, section 4; RFC 5480, section 2). */
const SPKI_PREFIX: Readonly<Record<SignatureScheme, string>> = {
  ed25519: "302a300506032b6570032100",
  secp256k1: "3036301006072a8648ce3d020106052b8104000a032200",
};

const ED25519_KEY = /^[0-9a-f]{64}$/;
const SECP256K1_KEY = /^0[23][0-9a-f]{64}$/;
const SIGNATURE = /^[0-9a-f]{128}$/;

/** One signature over one message. Hex in lower case: other spellings of a key would be other keys. */
export interface SignatureClaim {
  readonly publicKey: string;
  readonly signature: string;
  readonly message: Uint8Array;
}

/** The scheme of a public key by its form, or `undefined`. Not a check that the point is on the curve. */
export function schemeOf(publicKey: string): SignatureScheme | undefined {
  if (ED25519_KEY.test(publicKey)) return "ed25519";
  return SECP256K1_KEY.test(publicKey) ? "secp256k1" : undefined;
}

/**
 * True when the signature holds: Ed25519 (RFC 8032) over the message, or ECDSA on secp256k1 over its SHA-256 as 64 bytes
 * `r ‖ s` with `s` in the lower half (of the two signatures that anyone can make of one, only that one counts).
 * Everything else is `false`, malformed keys and signatures too: it never throws.
 */
export function verifySignature({ publicKey, signature, message }: SignatureClaim): boolean {
  const scheme = schemeOf(publicKey);
  if (scheme === undefined || !SIGNATURE.test(signature)) return false;
  if (scheme === "secp256k1" && !isLowS(signature)) return false;
  try {
    const key = publicKeyOf(scheme, publicKey);
    const bytes = Buffer.from(signature, "hex");
    if (scheme === "ed25519") return verify(null, message, key, bytes);
    return verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, bytes);
  } catch {
    return false; // the key is no point of its curve, or the signature's numbers are out of range
  }
}

/** Both numbers in range, `s` at most half of the order. */
function isLowS(signature: string): boolean {
  const r = BigInt(`0x${signature.slice(0, 64)}`);
  const s = BigInt(`0x${signature.slice(64)}`);
  return r > 0n && r < SECP256K1_ORDER && s > 0n && s <= SECP256K1_ORDER / 2n;
}

function publicKeyOf(scheme: SignatureScheme, publicKey: string): KeyObject {
  const der = Buffer.from(SPKI_PREFIX[scheme] + publicKey, "hex");
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
