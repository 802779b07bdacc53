import { base58btc } from "multiformats/bases/base58";
import { type BitcoinNetwork, concatBytes, doubleSha256 } from "../../base/mod.ts";
import { segwitAddress } from "./segwit_address.ts";

/** First bytes and words of a network's addresses. */
interface Prefixes {
  readonly key: number;
  readonly script: number;
  readonly segwit: string;
}

const TEST: Prefixes = { key: 0x6f, script: 0xc4, segwit: "tb" };
const PREFIXES: Readonly<Record<BitcoinNetwork, Prefixes>> = {
  mainnet: { key: 0x00, script: 0x05, segwit: "bc" },
  testnet: TEST,
  testnet4: TEST,
  signet: TEST,
  regtest: { ...TEST, segwit: "bcrt" },
};

/** The address of a script of a kind that has one (`type` is its {@linkcode scriptType}). */
export function scriptAddress(
  script: Uint8Array,
  { type, network }: { readonly type: string; readonly network: BitcoinNetwork },
): string | undefined {
  const { key, script: scriptPrefix, segwit } = PREFIXES[network];
  if (type === "pubkeyhash") return base58Check(key, script.subarray(3, 23));
  if (type === "scripthash") return base58Check(scriptPrefix, script.subarray(2, 22));
  if (!type.startsWith("witness_") && type !== "anchor") return undefined;
  const first = script[0] ?? 0;
  return segwitAddress(segwit, { version: first === 0 ? 0 : first - 0x50, program: script.subarray(2) });
}

function base58Check(prefix: number, hash: Uint8Array): string {
  const body = concatBytes([Uint8Array.of(prefix), hash]);
  return base58btc.baseEncode(concatBytes([body, doubleSha256(body).subarray(0, 4)]));
}
