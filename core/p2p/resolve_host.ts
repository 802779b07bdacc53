import { lookup } from "node:dns/promises";
import type { Multiaddr } from "@multiformats/multiaddr";
import { type Clock, withDeadline } from "../base/mod.ts";

/** Addresses of a host name as the transports will find them. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

const RESOLVE_MS = 5_000;
const NAMES: ReadonlySet<string> = new Set(["dns", "dns4", "dns6"]);

/** The host name that a multiaddr connects to; `undefined` for one that has an IP address or starts elsewhere. */
export function hostNameOf(address: Multiaddr): string | undefined {
  const [first] = address.getComponents();
  return first !== undefined && NAMES.has(first.name) ? first.value : undefined;
}

/**
 * Whether `isBad` holds for one of the addresses that a name stands for now. A name without an answer counts as bad:
 * nobody knows that it is not, and the dial would hardly get further. Needs `--allow-net`.
 */
export async function leadsTo(
  name: string,
  options: {
    readonly clock: Clock;
    readonly resolve?: ResolveName | undefined;
    isBad(address: string): boolean;
  },
): Promise<boolean> {
  try {
    const found = await addressesOf(name, options);
    return found.length === 0 || found.some(options.isBad);
  } catch {
    return true;
  }
}

/** Addresses that a name stands for now. @throws when there is no answer. Needs `--allow-net`. */
export async function addressesOf(
  name: string,
  { clock, resolve = systemResolve }: {
    readonly clock: Clock;
    readonly resolve?: ResolveName | undefined;
  },
): Promise<readonly string[]> {
  return await withDeadline(clock, RESOLVE_MS, resolve(name), "resolve a host name");
}

async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
