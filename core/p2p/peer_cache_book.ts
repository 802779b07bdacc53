import type { Clock, PeerIdText, Timer } from "../base/mod.ts";
import type { Candidate } from "./discovery_skip.ts";
import { bestPeers, type CachedPeer, MAX_CACHED_PEERS, plainAddresses, prunedPeers } from "./peer_cache.ts";

const SAVE_MS = 5 * 60_000;
/** Peers noted between two looks at which are worth keeping. */
const MAX_NOTED = 4 * MAX_CACHED_PEERS;

export interface PeerCacheComponents {
  readonly clock: Clock;
  readonly file: {
    load(now: number): Promise<CachedPeer[]>;
    save(peers: readonly CachedPeer[]): Promise<void>;
  };
  /** Peers that are there now with the addresses that others reach them at. */
  present(): Promise<readonly Candidate[]>;
}

/** Remembers good peers over restarts: saved every five minutes and at the stop. */
export class PeerCache {
  readonly #components: PeerCacheComponents;
  readonly #peers = new Map<PeerIdText, CachedPeer>();
  #timer: Timer | undefined;

  constructor(components: PeerCacheComponents) {
    this.#components = components;
  }

  /** Loads what was saved; answers the best of it, to be dialled. */
  async start(): Promise<Candidate[]> {
    const { clock, file } = this.#components;
    const now = clock.now();
    for (const peer of await file.load(now)) this.#peers.set(peer.id, peer);
    this.#timer = clock.every(SAVE_MS, () => void this.save());
    return this.best();
  }

  /** The peers that are worth a dial, best first. */
  best(): Candidate[] {
    const now = this.#components.clock.now();
    return bestPeers(this.#peers.values(), { now, limit: MAX_CACHED_PEERS / 2 })
      .map(({ id, addresses }) => ({ peerId: id, addresses }));
  }

  async stop(): Promise<void> {
    if (this.#timer === undefined) return; // not loaded: saving now would forget what is on disk
    this.#timer[Symbol.dispose]();
    await this.save();
  }

  /** Notes a connection that this node made to one of the addresses, which becomes the first. */
  connected(peerId: PeerIdText, addresses: readonly string[]): void {
    const now = this.#components.clock.now();
    const old = this.#peers.get(peerId);
    this.#set({
      id: peerId,
      addresses: plainAddresses([...addresses, ...old?.addresses ?? []]),
      lastSeen: now,
      lastConnected: now,
      connections: (old?.connections ?? 0) + 1,
      failures: 0,
    });
  }

  /** Notes that a known peer could not be reached. */
  failed(peerId: PeerIdText): void {
    const old = this.#peers.get(peerId);
    if (old !== undefined) this.#set({ ...old, failures: old.failures + 1 });
  }

  async save(): Promise<void> {
    const { clock, file } = this.#components;
    const present = await this.#components.present();
    const now = clock.now();
    for (const { peerId, addresses } of present) this.#seen(peerId, { addresses, now });
    const kept = prunedPeers(this.#peers.values(), now);
    this.#peers.clear();
    for (const peer of kept) this.#peers.set(peer.id, peer);
    await file.save(kept);
  }

  /** A peer that came by itself is known by the addresses that it says it has; nobody dialled these yet. */
  #seen(
    peerId: PeerIdText,
    { addresses, now }: { readonly addresses: readonly string[]; readonly now: number },
  ): void {
    const old = this.#peers.get(peerId);
    const all = plainAddresses([...old?.addresses ?? [], ...addresses]);
    if (all.length === 0) return;
    const fresh = { id: peerId, lastConnected: 0, connections: 0, failures: 0 };
    this.#set({ ...fresh, ...old, addresses: all, lastSeen: now });
  }

  #set(peer: CachedPeer): void {
    if (this.#peers.size >= MAX_NOTED && !this.#peers.has(peer.id)) return; // room after the next save
    this.#peers.set(peer.id, peer);
  }
}
