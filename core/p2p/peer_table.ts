import type { Connection, IdentifyResult, PeerId } from "@libp2p/interface";
import type { EventBus } from "../events/mod.ts";
import { transportOf } from "./addresses.ts";
import { RecentMap } from "./recent_map.ts";
import { servicesIn } from "./services.ts";

const MAX_AGENT_LENGTH = 128;
/** Peers whose address is remembered after they have gone. */
const MAX_GONE = 1_024;
const NOT_PLAIN = /[^\x20-\x7e]|[<>&"'`]/g;
/** Version of the node's gossip messages, as events show it. */
export const WIRE_VERSION = 1;

interface KnownPeer {
  /** Address of the first connection. */
  address: string;
  userAgent: string;
  services: number;
  identified: boolean;
}

/** What is known about each connected peer. Holds connected peers, which the connection limit bounds, and some addresses. */
export class PeerTable {
  readonly #events: EventBus;
  readonly #peers = new Map<string, KnownPeer>();
  readonly #gone = new RecentMap<string, string>(MAX_GONE);

  constructor(events: EventBus) {
    this.#events = events;
  }

  /** Connected peers. */
  get size(): number {
    return this.#peers.size;
  }

  /** True while a connection to the peer is open. */
  has(peerId: string): boolean {
    return this.#peers.has(peerId);
  }

  /** Address of a connected peer, "" for any other. */
  addressOf(peerId: string): string {
    return this.#peers.get(peerId)?.address ?? "";
  }

  /** The same, also for one that has gone lately: what it sent may be judged only now. */
  lastAddressOf(peerId: string): string {
    return this.#peers.get(peerId)?.address ?? this.#gone.get(peerId) ?? "";
  }

  /** Agent and service bits that the peer told; empty before it did. */
  toldBy(peerId: string): { readonly userAgent: string; readonly services: number } {
    const { userAgent, services } = this.#peers.get(peerId) ?? { userAgent: "", services: 0 };
    return { userAgent, services };
  }

  opened(connection: Connection): void {
    const id = connection.remotePeer.toString();
    if (this.#peers.has(id)) return;
    const address = connection.remoteAddr.toString();
    this.#peers.set(id, { address, userAgent: "", services: 0, identified: false });
  }

  /** Notes what a peer said about itself; the first time, that is the event that a peer is there. */
  identified(result: IdentifyResult): void {
    const peer = this.#peers.get(result.peerId.toString());
    if (peer === undefined) return; // gone in the meantime
    peer.userAgent = (result.agentVersion ?? "").slice(0, MAX_AGENT_LENGTH).replace(NOT_PLAIN, "?");
    peer.services = servicesIn(result.protocols);
    if (peer.identified) return;
    peer.identified = true;
    const nodeId = nodeIdOf(result.peerId);
    this.#events.publish("PeerConnected", {
      peer_addr: peer.address,
      transport_type: transportOf(result.connection.remoteAddr),
      services: peer.services,
      version: WIRE_VERSION,
      ...(nodeId === undefined ? {} : { peer_node_id: nodeId }),
    });
  }

  /** The last connection to a peer is closed. */
  disconnected(peerId: PeerId): void {
    const id = peerId.toString();
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    if (peer !== undefined) this.#gone.set(id, peer.address);
    if (peer?.identified !== true) return; // no event said that it was there
    this.#events.publish("PeerDisconnected", { peer_addr: peer.address, reason: "connection closed" });
  }
}

/** Raw Ed25519 public key inside a peer id as hex; other kinds of key have none. */
function nodeIdOf(peerId: PeerId): string | undefined {
  return peerId.type === "Ed25519" ? peerId.publicKey.raw.toHex() : undefined;
}
