import type { Multiaddr } from "@multiformats/multiaddr";
import type ipaddr from "ipaddr.js";
import { type Clock, TokenBucket } from "../base/mod.ts";
import { ipOf } from "./reachability.ts";

export interface ConnectionLimitsInit {
  /** Connections that one address (IPv6: one /64) may have open to this node. */
  readonly perIp: number;
  /** Those of one /24 (IPv6: one /48) together. */
  readonly perSubnet: number;
  /** Addresses of peers that the operator chose: they are not counted. */
  readonly exempt: ReadonlySet<string>;
  /** All connections, both ways, of peers that the operator did not choose. */
  readonly total: number;
  /**
   * All connections at which strangers are let in no more; default `total`. What is between the two is kept for peers that
   * this node chooses itself, so that nobody can be all its neighbours by being there first.
   */
  readonly incoming?: number;
}

/** New connections from one address: a second in the long run, and at once. */
const RATE = { perSecond: 4, burst: 16 } as const;
/** Addresses whose rate is remembered; the one that came longest ago goes first. */
const MAX_RATED = 4_096;

/** Connections that one peer may have opened to this node: one is enough, and two peers may dial each other at once. */
const MAX_PER_PEER = 3;

/** All connections under one name; no address or peer has it. */
const ALL = "*";

export type ConnectionRefusal = "RATE" | "PER_IP" | "PER_SUBNET" | "PER_PEER" | "FULL";

/** What is told of a connection that came in. */
export interface IncomingConnection {
  readonly remoteAddr: Multiaddr;
  /** Other than `open`: its end has been told already. */
  readonly status?: string;
  addEventListener(type: "close", listener: () => void, options: { readonly once: true }): void;
}

/**
 * Limits on connections that others open, and on all together, from before the handshake to their end: nobody can take all places with one
 * address or one small network. Loopback is exempt: those are the operator's own programs, such as a proxy for
 * WebSockets in front of everybody else.
 */
export class ConnectionLimits {
  readonly #clock: Clock;
  readonly #init: ConnectionLimitsInit;
  readonly #open = new Map<string, number>();
  readonly #rates = new Map<string, TokenBucket>();

  constructor(components: { readonly clock: Clock }, init: ConnectionLimitsInit) {
    this.#clock = components.clock;
    this.#init = init;
  }

  /** How many addresses, networks and rates are remembered. */
  get remembered(): number {
    return this.#open.size + this.#rates.size;
  }

  /** Counts a connection until it closes, or says why it must not be. */
  admit(connection: IncomingConnection): ConnectionRefusal | undefined {
    const ip = ipOf(connection.remoteAddr);
    if (ip === undefined || this.#isExempt(ip)) return undefined;
    const { host, subnet } = networksOf(ip);
    if (!this.#rateOf(host).take()) return "RATE";
    if (this.#count(host) >= this.#init.perIp) return "PER_IP";
    if (this.#count(subnet) >= this.#init.perSubnet) return "PER_SUBNET";
    this.#hold([host, subnet], connection);
    return undefined;
  }

  /** The same once the peer has proven who it is, wherever it comes from. For a `chosen` one there is always room. */
  admitPeer(
    peerId: string,
    connection: IncomingConnection,
    { chosen = false }: { readonly chosen?: boolean } = {},
  ): ConnectionRefusal | undefined {
    if (this.#count(peerId) >= MAX_PER_PEER) return "PER_PEER";
    if (!chosen && this.#count(ALL) >= (this.#init.incoming ?? this.#init.total)) return "FULL";
    this.#hold(chosen ? [peerId] : [peerId, ALL], connection);
    return undefined;
  }

  /** Counts a connection that this node opened, or says why it must not be. */
  admitOutgoing(connection: IncomingConnection): ConnectionRefusal | undefined {
    if (this.#count(ALL) >= this.#init.total) return "FULL";
    this.#hold([ALL], connection);
    return undefined;
  }

  #hold(names: readonly string[], connection: IncomingConnection): void {
    if (connection.status !== undefined && connection.status !== "open") return;
    for (const name of names) this.#add(name, 1);
    connection.addEventListener("close", () => {
      for (const name of names) this.#add(name, -1);
    }, { once: true });
  }

  #isExempt(ip: ipaddr.IPv4 | ipaddr.IPv6): boolean {
    return ip.range() === "loopback" || this.#init.exempt.has(ip.toString());
  }

  #count(name: string): number {
    return this.#open.get(name) ?? 0;
  }

  #add(name: string, change: 1 | -1): void {
    const count = this.#count(name) + change;
    if (count > 0) this.#open.set(name, count);
    else this.#open.delete(name);
  }

  #rateOf(host: string): TokenBucket {
    const known = this.#rates.get(host);
    if (known !== undefined) this.#rates.delete(host);
    for (const oldest of this.#rates.keys()) {
      if (this.#rates.size < MAX_RATED) break;
      this.#rates.delete(oldest);
    }
    const bucket = known ?? new TokenBucket({ clock: this.#clock, ...RATE });
    this.#rates.set(host, bucket);
    return bucket;
  }
}

/** Names of an address (IPv6: its /64) and of its /24 (IPv6: its /48). */
export function networksOf(
  ip: ipaddr.IPv4 | ipaddr.IPv6,
): { readonly host: string; readonly subnet: string } {
  return { host: prefix(ip, { ipv4: 4, ipv6: 8 }), subnet: prefix(ip, { ipv4: 3, ipv6: 6 }) };
}

/** Name of the network made of the first bytes of an address. */
function prefix(
  ip: ipaddr.IPv4 | ipaddr.IPv6,
  bytes: { readonly ipv4: number; readonly ipv6: number },
): string {
  const length = ip.kind() === "ipv4" ? bytes.ipv4 : bytes.ipv6;
  return `${ip.kind()}/${length}/${ip.toByteArray().slice(0, length).join(".")}`;
}
