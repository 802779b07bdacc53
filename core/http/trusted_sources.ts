import { type BanTarget, tryBanTarget } from "../bans/mod.ts";
import { CommonsError } from "../base/mod.ts";

type Network = Extract<BanTarget, { readonly kind: "ip" | "cidr" }>["network"];

/**
 * Whether an address (as a socket shows it) belongs to the operator's own clients, such as monitors behind one address.
 * @throws {CommonsError} `INVALID_TRUSTED_SOURCE` for what is neither an address nor a network
 */
export function trustedSources(texts: readonly string[]): (remote: string) => boolean {
  const networks = texts.map(parseNetwork);
  if (networks.length === 0) return () => false;
  return (remote) => {
    const zone = remote.indexOf("%");
    const address = networkOf(tryBanTarget(zone === -1 ? remote : remote.slice(0, zone)));
    return address !== undefined && networks.some((network) => contains(network, address));
  };
}

function parseNetwork(text: string): Network {
  const network = networkOf(tryBanTarget(text));
  if (network !== undefined) return network;
  throw new CommonsError(
    "INVALID_TRUSTED_SOURCE",
    `Cannot trust ${JSON.stringify(text.slice(0, 80))}: need an IP address or a CIDR network`,
  );
}

function networkOf(target: BanTarget | undefined): Network | undefined {
  return target === undefined || target.kind === "peer" ? undefined : target.network;
}

function contains({ family, words, length }: Network, address: Network): boolean {
  if (family !== address.family) return false;
  return words.every((word, i) => {
    const bits = Math.min(32, Math.max(0, length - 32 * i));
    const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
    return ((address.words[i] ?? 0) & mask) >>> 0 === (word & mask) >>> 0;
  });
}
