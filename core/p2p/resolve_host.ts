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
  const { clock, resolve = systemResolve, isBad } = options;
  try {
    const found = await withDeadline(clock, RESOLVE_MS, resolve(name), "resolve a host name");
    return found.length === 0 || found.some(isBad);
  } catch {
    return true;
  }
}

async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
