import type { BitcoinNetwork } from "../../base/mod.ts";

/** Names whose addresses are nodes of the network (Bitcoin Core `kernel/chainparams.cpp`, v29). */
const SEEDS: Readonly<Record<BitcoinNetwork, readonly string[]>> = Object.freeze({
  mainnet: [
    "seed.bitcoin.sipa.be",
    "dnsseed.bluematt.me",
    "seed.bitcoin.jonasschnelli.ch",
    "seed.btc.petertodd.net",
    "seed.bitcoin.sprovoost.nl",
    "dnsseed.emzy.de",
    "seed.bitcoin.wiz.biz",
    "seed.mainnet.achownodes.xyz",
  ],
  testnet: [
    "testnet-seed.bitcoin.jonasschnelli.ch",
    "seed.tbtc.petertodd.net",
    "seed.testnet.bitcoin.sprovoost.nl",
    "testnet-seed.bluematt.me",
    "seed.testnet.achownodes.xyz",
  ],
  testnet4: ["seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"],
  signet: ["seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"],
  regtest: [],
});

/** DNS seeds of a network. */
export function dnsSeeds(network: BitcoinNetwork): readonly string[] {
  return SEEDS[network];
}

/** Addresses of a name. */
export type Resolve = (name: string, options: { readonly signal: AbortSignal }) => Promise<readonly string[]>;

/** Asks the system's name servers for IPv4 and IPv6 addresses. Permission: `net`. */
export const systemResolve: Resolve = async (name, { signal }) => {
  const answers = await Promise.allSettled([
    Deno.resolveDns(name, "A", { signal }),
    Deno.resolveDns(name, "AAAA", { signal }),
  ]);
  return answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
};
