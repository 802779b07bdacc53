import type { BitcoinNetwork } from "../base/mod.ts";

/** What tells the messages of one network from those of another, and where its nodes listen. */
export interface WireNetwork {
  /** First four bytes of every message, as they are on the wire. */
  readonly magic: Uint8Array;
  readonly defaultPort: number;
}

const wire = (magic: string, defaultPort: number): WireNetwork =>
  Object.freeze({ magic: Uint8Array.fromHex(magic), defaultPort });

/** Signet's magic is that of the default challenge (BIP325). Sources: Bitcoin Core `kernel/chainparams.cpp`, v29. */
const NETWORKS: Readonly<Record<BitcoinNetwork, WireNetwork>> = Object.freeze({
  mainnet: wire("f9beb4d9", 8333),
  testnet: wire("0b110907", 18333),
  testnet4: wire("1c163f28", 48333),
  signet: wire("0a03cf40", 38333),
  regtest: wire("fabfb5da", 18444),
});

/** Magic and default port of a network. */
export function wireNetwork(network: BitcoinNetwork): WireNetwork {
  return NETWORKS[network];
}
