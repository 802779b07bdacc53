import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { CommonsError, concatBytes, toHex, tryPeerIdText } from "../base/mod.ts";
import type { Identity } from "./identity.ts";

/** DER in front of an Ed25519 seed in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");

/** The DER form of an Ed25519 public key ends with its 32 raw bytes (RFC 8410, section 4). */
const RAW_PUBLIC_KEY = -32;

/**
 * The identity of a 32-byte Ed25519 seed (RFC 8032, section 5.1.5). The public key is derived by native code: libp2p's own
 * derivation is JavaScript that takes 20 ms of every start.
 */
export function identityFromSeed(seed: Uint8Array): Identity {
  const signingKey = createPrivateKey({
    key: Buffer.from(concatBytes([PKCS8_PREFIX, seed])),
    format: "der",
    type: "pkcs8",
  });
  const derived = createPublicKey(signingKey).export({ format: "der", type: "spki" }).subarray(
    RAW_PUBLIC_KEY,
  );
  const privateKey = signingBy(signingKey, privateKeyFromRaw(concatBytes([seed, derived])));
  const peerId = tryPeerIdText(peerIdFromPrivateKey(privateKey).toString());
  if (peerId === undefined) {
    throw new CommonsError("IDENTITY_DAMAGED", "Cannot make a peer id: unexpected form");
  }
  const publicKey = new Uint8Array(privateKey.publicKey.raw);
  const identity: Identity = {
    peerId,
    nodeId: toHex(publicKey),
    publicKey,
    privateKey,
    sign: (domain, bytes) => new Uint8Array(sign(null, inDomain(domain, bytes), signingKey)),
  };
  // Not enumerable, so that an identity that ends up in a log line or in JSON shows its public half only.
  return Object.defineProperty(identity, "privateKey", { enumerable: false });
}

/** `key` with a native signing key that is kept: libp2p makes one from JSON for every signature, which takes longer. */
function signingBy(native: KeyObject, key: PrivateKey): PrivateKey {
  const own: Pick<PrivateKey, "sign"> = {
    sign(message, options) {
      options?.signal?.throwIfAborted();
      return sign(null, message instanceof Uint8Array ? message : message.subarray(), native);
    },
  };
  return Object.assign(key, own);
}

const encoder = new TextEncoder();

function inDomain(domain: string, bytes: Uint8Array): Uint8Array {
  // A line break would let one domain be read as another one and a part of the message.
  if (domain === "" || domain.includes("\n")) {
    throw new CommonsError("SIGN_DOMAIN", "Cannot sign: the domain must be one line of text");
  }
  return concatBytes([encoder.encode(domain + "\n"), bytes]);
}
