import ipaddr from "ipaddr.js";
import { type Clock, type Random, TokenBucket, TtlSet } from "../../base/mod.ts";
import { SERVICES, type WireAddress } from "../../bitcoin/mod.ts";
import { endpointText, type PeerEndpoint } from "./duplex.ts";

const MAX_ADDRESSES = 2_000;
const MAX_FAILURES = 3;
/** How long the address of a node that misbehaved is not taken again, whoever tells it. */
const REFUSED_MS = 24 * 3_600_000;
const MAX_REFUSED = 1_000;
/** Addresses that one peer may tell: as many as it was asked for at once, then one every ten seconds. */
const TOLD = { perSecond: 0.1, burst: 1_000 };

interface Entry {
  readonly endpoint: PeerEndpoint;
  failures: number;
}

/** Addresses of nodes that were heard of: bounded, each once, of public networks only. A full pool takes no more. */
export class AddressPool {
  readonly #random: Random;
  readonly #entries = new Map<string, Entry>();
  readonly #refused: TtlSet<string>;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#random = random;
    this.#refused = new TtlSet({ clock, ttlMs: REFUSED_MS, capacity: MAX_REFUSED });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes an address; false when it is of no use, known, or one too many. */
  add(endpoint: PeerEndpoint): boolean {
    const key = endpointText(endpoint);
    if (endpoint.port === 0 || !isPublic(endpoint.host) || this.#entries.has(key)) return false;
    if (this.#entries.size >= MAX_ADDRESSES || this.#refused.has(key)) return false;
    this.#entries.set(key, { endpoint, failures: 0 });
    return true;
  }

  /** Takes what a peer tells, as far as its `allowance` goes, of nodes that serve blocks. */
  addTold(addresses: readonly WireAddress[], allowance: TokenBucket): void {
    for (const { host, port, services } of addresses) {
      if (!allowance.take()) return;
      if ((services & (SERVICES.network | SERVICES.networkLimited)) !== 0n) this.add({ host, port });
    }
  }

  /** Any address that `free` allows. */
  pick(free: (endpoint: PeerEndpoint) => boolean): PeerEndpoint | undefined {
    const able = [...this.#entries.values()].filter(({ endpoint }) => free(endpoint));
    return able[Math.floor(this.#random.number() * able.length)]?.endpoint;
  }

  /** What came of dialling an address. Those that fail again and again are forgotten, those that misbehave refused. */
  tried(endpoint: PeerEndpoint, outcome: "worked" | "failed" | "misbehaved"): void {
    const key = endpointText(endpoint);
    if (outcome === "misbehaved") this.#refused.add(key);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures = outcome === "worked" ? 0 : entry.failures + 1;
    if (outcome === "misbehaved" || entry.failures >= MAX_FAILURES) this.#entries.delete(key);
  }
}

/** What one peer may tell. */
export function addressAllowance(clock: Clock): TokenBucket {
  return new TokenBucket({ clock, ...TOLD });
}

/** The network that an address is in, coarsely: peers should be of different ones. */
export function addressGroup(host: string): string {
  if (!ipaddr.isValid(host)) return host;
  return ipaddr.process(host).toByteArray().slice(0, host.includes(":") ? 4 : 2).join(".");
}

/** Of IPv6 only what is given out for use (2000::/3): outside of it lie ways of writing private IPv4 addresses, too. */
function isPublic(host: string): boolean {
  if (!ipaddr.isValid(host)) return false;
  const address = ipaddr.process(host);
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || ((address.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
}
