import type { Multiaddr } from "@multiformats/multiaddr";
import { CommonsError } from "../base/mod.ts";
import { type IncomingConnection, networksOf } from "./connection_limits.ts";
import { ipOf } from "./reachability.ts";

/** What is told of a connection whose handshake begins. */
export interface BeginningConnection extends IncomingConnection {
  abort(error: Error): void;
}

export type HandshakeRefusal = "HANDSHAKES_PER_IP" | "HANDSHAKES_PER_SUBNET";

export interface PendingHandshakesInit {
  /** Addresses of peers that the operator chose: they have as much room as loopback. */
  readonly exempt: ReadonlySet<string>;
  /** Hears of each handshake that was ended to make room. */
  onEvicted(address: Multiaddr): void;
}

/** Unfinished handshakes of one address (IPv6: one /64), and of one /24 (IPv6: one /48) together. */
const PER_IP = 8;
const PER_SUBNET = 16;
/**
 * The same for loopback, where all clients of a proxy have one address and all nodes of a test network live, and for
 * chosen peers' addresses. They have no networks.
 */
const PER_EXEMPT_IP = 64;
/** All together; each ends after ten seconds at the latest. */
const TOTAL = 256;

interface Pending {
  readonly connection: BeginningConnection;
  readonly host: string;
  /** Who shares the room: the network, or an exempt address. */
  readonly group: string;
}

/**
 * Bounds the handshakes that others have begun with this node and not finished. One address or network may hold a few; when
 * all places are taken, a newcomer gets that of the oldest handshake of whoever holds most: an honest handshake takes a
 * second, so nobody can keep others out by holding places, with however many networks.
 */
export class PendingHandshakes {
  readonly #init: PendingHandshakesInit;
  /** By network or exempt address, oldest first. */
  readonly #groups = new Map<string, Set<Pending>>();
  readonly #byConnection = new Map<object, Pending>();
  #evicted = 0;

  constructor(init: PendingHandshakesInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#byConnection.size;
  }

  /** How many were ended to make room. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Counts a handshake until {@linkcode finished} or the connection's end, or says why it must not begin. */
  begin(connection: BeginningConnection): HandshakeRefusal | undefined {
    const { status } = connection;
    if (status !== undefined && status !== "open") return undefined; // its end has been told already
    const pending = this.#place(connection);
    const inGroup = this.#groups.get(pending.group) ?? new Set<Pending>();
    const ofHost = [...inGroup].filter(({ host }) => host === pending.host).length;
    const isExempt = pending.group === pending.host;
    if (ofHost >= (isExempt ? PER_EXEMPT_IP : PER_IP)) return "HANDSHAKES_PER_IP";
    if (!isExempt && inGroup.size >= PER_SUBNET) return "HANDSHAKES_PER_SUBNET";
    if (this.size >= TOTAL) this.#evict();
    this.#groups.set(pending.group, inGroup.add(pending));
    this.#byConnection.set(connection, pending);
    connection.addEventListener("close", () => this.finished(connection), { once: true });
    return undefined;
  }

  /** The handshake is done, for good or bad; harmless for one that is not counted. */
  finished(connection: object): void {
    const pending = this.#byConnection.get(connection);
    if (pending === undefined) return;
    this.#byConnection.delete(connection);
    const group = this.#groups.get(pending.group);
    group?.delete(pending);
    if (group?.size === 0) this.#groups.delete(pending.group);
  }

  #place(connection: BeginningConnection): Pending {
    const ip = ipOf(connection.remoteAddr);
    if (ip === undefined) return { connection, host: "unknown", group: "unknown" }; // as through a relay
    const { host, subnet } = networksOf(ip);
    const isExempt = ip.range() === "loopback" || this.#init.exempt.has(ip.toString());
    return { connection, host, group: isExempt ? host : subnet };
  }

  #evict(): void {
    let fullest: Set<Pending> | undefined;
    for (const group of this.#groups.values()) if (group.size > (fullest?.size ?? 0)) fullest = group;
    const [oldest] = fullest ?? [];
    if (oldest === undefined) return;
    const { connection } = oldest;
    this.finished(connection);
    this.#evicted++;
    this.#init.onEvicted(connection.remoteAddr);
    connection.abort(new CommonsError("UNAVAILABLE", "Cannot wait for the handshake: there are too many"));
  }
}
