import type { PrivateKey } from "@libp2p/interface";
import type { PeerIdText } from "../base/mod.ts";

/** The node's Ed25519 identity. The private key never leaves through logs, events or errors. */
export interface Identity {
  /** `12D3KooW…` */
  readonly peerId: PeerIdText;
  /** The 32 raw public-key bytes as 64 hex digits. */
  readonly nodeId: string;
  readonly publicKey: Uint8Array;
  /** For the libp2p host only. */
  readonly privateKey: PrivateKey;
  /** Ed25519 (RFC 8032) signature over `<domain>\n` followed by `bytes`. */
  sign(domain: string, bytes: Uint8Array): Uint8Array;
}
