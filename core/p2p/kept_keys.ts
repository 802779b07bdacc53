import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PublicKey } from "@libp2p/interface";
import { concatBytes } from "../base/mod.ts";

/** DER in front of a raw Ed25519 public key (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const CAPACITY = 1_024;

const keys = new Map<string, KeyObject>();

/**
 * Lets libp2p's Ed25519 keys verify with native key objects that are kept. The library makes one from JSON for every
 * message, which takes a third as long again as the signature itself; gossipsub offers no place to hand it keys, so the
 * one method is replaced for all of them. What it answers stays the same: false for a signature that does not hold, a
 * throw for one that is none.
 */
export function keepVerifyingKeys(): void {
  const prototype: unknown = Object.getPrototypeOf(publicKeyFromRaw(new Uint8Array(KEY_BYTES)));
  if (typeof prototype !== "object" || prototype === null || !("verify" in prototype)) return;
  prototype.verify = verifyKept;
}

const verifyKept: Ed25519PublicKey["verify"] = function (this: Ed25519PublicKey, data, signature, options) {
  options?.signal?.throwIfAborted();
  if (signature.byteLength !== SIGNATURE_BYTES) {
    throw new TypeError(`Cannot verify: need ${SIGNATURE_BYTES} bytes of signature`);
  }
  return verify(null, data instanceof Uint8Array ? data : data.subarray(), keyOf(this.raw), signature);
};

function keyOf(raw: Uint8Array): KeyObject {
  const id = raw.toHex();
  const known = keys.get(id);
  if (known !== undefined) return known;
  const key = createPublicKey({
    key: Buffer.from(concatBytes([SPKI_PREFIX, raw])),
    format: "der",
    type: "spki",
  });
  if (keys.size >= CAPACITY) keys.clear(); // simpler than an order of use, and as bounded
  keys.set(id, key);
  return key;
}
