import {
  type Clock,
  errorText,
  type PeerIdText,
  type Random,
  type Timer,
  tryPeerIdText,
} from "../base/mod.ts";
import type { OffenceContext } from "../bans/mod.ts";
import { type Mutation, type Store, storeKey } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import {
  afterEvent,
  type ConductEvent,
  reconsidered,
  REPUTATION,
  reputation,
} from "./peer_registry_reputation.ts";
import { NEW_RECORD, type PeerRecord, readRecord } from "./peer_registry_record.ts";
import { type SelectionCriteria, selectPeer, type SyncCandidate } from "./peer_registry_selection.ts";

/** Most peers remembered; the one that was dealt with longest ago goes first. */
export const MAX_REGISTERED = 10_000;
const TTL_MS = 24 * 3_600_000;
const SWEEP_MS = 3_600_000;
const WRITE_MS = 1_000;
/** After a failed write. */
const RETRY_MS = 30_000;
const MAX_MUTATIONS = 500;
/** Changes that wait for the store, from which on those of peers that are forgotten wait no more. */
const MAX_DIRTY = 2 * MAX_REGISTERED;
const PROBE_WINDOW_MS = 5 * 60_000;
const COOL_DOWN_MS = 60_000;

/** What a peer says about its chain. */
export interface RegistryClaim {
  readonly height: number;
  /** Display order; "" when it named none. */
  readonly hash: string;
  readonly baseUrl: string;
  readonly pruned?: boolean | undefined;
}

/** What is behind a block, checked by this node. */
export interface Proven {
  readonly height: number;
  /** 64 hex digits. */
  readonly chainwork: string;
}

export interface PeerRegistryComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Pick<Store, "commit" | "list">;
  readonly logger: Logger;
  /** Ids of the connected peers. */
  connected(): Iterable<string>;
  /** What a peer last said, proven or not. */
  claimOf(peerId: string): RegistryClaim | undefined;
  /** Place and work of a block that this node has checked the chain of, `undefined` for any other. */
  proven(hash: string): Proven | undefined;
  isBanned(peerId: string): boolean;
  banScore(peerId: string): number;
  /** Where a connected peer is connected from, and whether the operator chose it; absent: nothing is known of that. */
  contextOf?(peerId: string): OffenceContext;
}

/**
 * What this node's own dealings with peers have shown: who answered, how fast, and what was proven. What peers only say
 * is not kept. Persistent over restarts for a day; changes of a second share a commit.
 */
export class PeerRegistry {
  readonly #components: PeerRegistryComponents;
  /** By the time of the last dealing, longest ago first. */
  readonly #records = new Map<PeerIdText, PeerRecord>();
  readonly #dirty = new Set<PeerIdText>();
  readonly #probes = new Map<PeerIdText, number>();
  #timers: Timer[] = [];
  #writeTimer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #running = false;

  constructor(components: PeerRegistryComponents) {
    this.#components = components;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Loads what earlier runs learnt. @throws {CommonsError} of the store */
  async start(): Promise<void> {
    const { clock, store, logger } = this.#components;
    const now = clock.now();
    const loaded: [PeerIdText, PeerRecord][] = [];
    const useless: Mutation[] = [];
    for await (const { key, value } of store.list({ prefix: storeKey("peer", "registry") })) {
      const peerId = tryPeerIdText(key.at(-1));
      const record = readRecord(value, now);
      const fresh = record !== undefined && now - record.seen < TTL_MS;
      if (peerId !== undefined && fresh) loaded.push([peerId, record]);
      else if (useless.length < MAX_MUTATIONS) useless.push({ type: "delete", key });
    }
    try {
      if (useless.length > 0) await store.commit(useless);
    } catch (error) { // a full disk is no reason not to start; they are read again the next time
      logger.warn("cannot remove what was known of peers", { error: errorText(error) });
    }
    loaded.sort(([, a], [, b]) => a.seen - b.seen);
    for (const [peerId, record] of loaded.slice(-MAX_REGISTERED)) this.#records.set(peerId, record);
    this.#running = true;
    this.#timers = [
      clock.every(SWEEP_MS, () => this.#sweep()),
      clock.every(PROBE_WINDOW_MS, () => this.#probes.clear()),
    ];
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    for (const timer of [...this.#timers, this.#writeTimer]) timer?.[Symbol.dispose]();
    this.#writeTimer = undefined;
    await this.#writing;
    while (this.#dirty.size > 0 && await this.#write());
  }

  /** The peer answered a question with what was asked for. */
  succeeded(
    peerId: PeerIdText,
    { responseMs, fullBlock = false }: { readonly responseMs: number; readonly fullBlock?: boolean },
  ): void {
    this.#happened(peerId, { type: "success", responseMs });
    if (fullBlock) this.#change(peerId, (record) => ({ ...record, deliveredAt: record.seen }));
  }

  /** The peer did not answer, or not with what was asked for. */
  failed(peerId: PeerIdText): void {
    this.#happened(peerId, { type: "failure" });
  }

  /** The peer did what no honest node does. */
  malicious(peerId: PeerIdText): void {
    this.#happened(peerId, { type: "malicious" });
  }

  /** This node has checked headers or blocks of the peer up to here. `chainwork`: 64 hex digits. */
  progressed(
    peerId: PeerIdText,
    { height, chainwork }: Proven,
  ): void {
    this.#change(
      peerId,
      (record) =>
        chainwork > record.validatedWork
          ? { ...record, validatedHeight: height, validatedWork: chainwork }
          : record,
    );
  }

  /** The peer is asked because of a claim that it has not proven. */
  probed(peerId: PeerIdText): void {
    if (this.#probes.size < MAX_REGISTERED) {
      this.#probes.set(peerId, (this.#probes.get(peerId) ?? 0) + 1);
    }
  }

  /** Notes what the peer says of its chain as its progress, where this node has checked that by now. */
  proves(peerId: PeerIdText): void {
    this.#prove(peerId, this.#components.claimOf(peerId));
  }

  /** What the ban service is to know of a peer that broke a rule. */
  contextOf(peerId: PeerIdText): OffenceContext {
    return this.#components.contextOf?.(peerId) ?? {};
  }

  /** Leaves the peer alone for a time, a minute when nothing else is said. */
  coolDown(peerId: PeerIdText, ms = COOL_DOWN_MS): void {
    this.#change(peerId, (record) => ({ ...record, coolDownUntil: record.seen + ms }));
  }

  /** What is known of a peer, `undefined` when nothing is. */
  get(peerId: PeerIdText): (PeerRecord & { readonly reputation: number }) | undefined {
    const record = this.#current(peerId);
    return record && { ...record, reputation: reputation(record, this.#components.clock.now()) };
  }

  /** Reputation of any peer from 0 to 100; that of a newcomer where nothing is known. Cheap: for each message. */
  reputationOf(peerId: string): number {
    const record = this.#records.get(peerId as PeerIdText); // only a key to look up
    if (record === undefined) return REPUTATION.newcomer;
    const now = this.#components.clock.now();
    return reputation(reconsidered(record, now), now);
  }

  /** Whom of the connected peers to ask for blocks, `undefined` when nobody is worth it. */
  select(criteria: Omit<SelectionCriteria, "now">): PeerIdText | undefined {
    const { clock, random, connected } = this.#components;
    const now = clock.now();
    const candidates: SyncCandidate[] = [];
    for (const text of connected()) {
      const peerId = tryPeerIdText(text);
      if (peerId !== undefined) candidates.push(this.#candidate(peerId, now));
    }
    return selectPeer(candidates, { ...criteria, now }, random);
  }

  #candidate(peerId: PeerIdText, now: number): SyncCandidate {
    const { claimOf, isBanned, banScore } = this.#components;
    const claim = claimOf(peerId);
    this.#prove(peerId, claim);
    const record = this.#current(peerId) ?? NEW_RECORD;
    return {
      peerId,
      banned: isBanned(peerId),
      banScore: banScore(peerId),
      reputation: reputation(record, now),
      meanResponseMs: record.meanResponseMs,
      baseUrl: claim?.baseUrl ?? "",
      pruned: claim?.pruned ?? false,
      claimedHeight: claim?.height ?? 0,
      validatedHeight: record.validatedHeight,
      validatedWork: record.validatedWork,
      deliveredAt: record.deliveredAt,
      coolDownUntil: record.coolDownUntil,
      probes: this.#probes.get(peerId) ?? 0,
    };
  }

  #prove(peerId: PeerIdText, claim: RegistryClaim | undefined): void {
    const proof = claim === undefined || claim.hash === "" ? undefined : this.#components.proven(claim.hash);
    const known = this.#records.get(peerId)?.validatedWork ?? "";
    if (proof !== undefined && proof.chainwork > known) this.progressed(peerId, proof);
  }

  #current(peerId: PeerIdText): PeerRecord | undefined {
    const record = this.#settled(peerId, this.#components.clock.now());
    return record && { ...record, ...reconsidered(record, this.#components.clock.now()) };
  }

  /** A record, as a restart would read it when the clock was set back since: a minute's wait must not become a year. */
  #settled(peerId: PeerIdText, now: number): PeerRecord | undefined {
    const record = this.#records.get(peerId);
    if (record === undefined || record.seen <= now) return record;
    const settled = readRecord(record, now) ?? record;
    this.#records.set(peerId, settled);
    return settled;
  }

  #happened(peerId: PeerIdText, event: ConductEvent): void {
    this.#change(peerId, (record) => ({ ...record, ...afterEvent(record, event, record.seen) }));
  }

  /** Changes a record, which becomes the youngest; the change is written within a second. */
  #change(peerId: PeerIdText, change: (record: PeerRecord) => PeerRecord): void {
    const old = this.#current(peerId) ?? NEW_RECORD;
    this.#records.delete(peerId);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size < MAX_REGISTERED) break;
      this.#forget(oldest);
    }
    this.#records.set(peerId, change({ ...old, seen: this.#components.clock.now() }));
    this.#markDirty(peerId);
  }

  #forget(peerId: PeerIdText): void {
    this.#records.delete(peerId);
    // while the store takes nothing, strangers must not fill the memory; what stays in the store is too old some day
    if (this.#dirty.size < MAX_DIRTY) this.#markDirty(peerId);
    else this.#dirty.delete(peerId);
  }

  #sweep(): void {
    const now = this.#components.clock.now();
    for (const [peerId, { seen }] of this.#records) if (now - seen >= TTL_MS) this.#forget(peerId);
  }

  #markDirty(peerId: PeerIdText): void {
    this.#dirty.add(peerId);
    this.#writeAfter(WRITE_MS);
  }

  #writeAfter(ms: number): void {
    if (!this.#running || this.#writeTimer !== undefined) return;
    this.#writeTimer = this.#components.clock.after(ms, () => {
      this.#writing = this.#write().then((written) => {
        this.#writeTimer = undefined;
        if (this.#dirty.size > 0) this.#writeAfter(written ? WRITE_MS : RETRY_MS);
      });
    });
  }

  /** Writes up to one commit of changes. False when the store refused; then they wait for the next time. */
  async #write(): Promise<boolean> {
    const { store, logger } = this.#components;
    const peers = [...this.#dirty].slice(0, MAX_MUTATIONS);
    for (const peerId of peers) this.#dirty.delete(peerId);
    try {
      await store.commit(peers.map((peerId) => this.#mutationOf(peerId)));
      return true;
    } catch (error) {
      for (const peerId of peers) this.#dirty.add(peerId);
      logger.warn("cannot write what is known of peers", { error: errorText(error) });
      return false;
    }
  }

  #mutationOf(peerId: PeerIdText): Mutation {
    const key = storeKey("peer", "registry", peerId);
    const value = this.#records.get(peerId);
    return value === undefined ? { type: "delete", key } : { type: "set", key, value };
  }
}
