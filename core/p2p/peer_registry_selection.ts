import type { PeerIdText, Random } from "../base/mod.ts";
import { REPUTATION } from "./peer_registry_reputation.ts";

/** A peer as the choice sees it. Times are Unix milliseconds, 0 = never. */
export interface SyncCandidate {
  readonly peerId: PeerIdText;
  readonly banned: boolean;
  /** Points of misbehaviour. */
  readonly banScore: number;
  readonly reputation: number;
  readonly meanResponseMs?: number | undefined;
  /** Where it serves blocks; "" = nowhere. */
  readonly baseUrl: string;
  /** Keeps only part of the blocks, by its own word. */
  readonly pruned: boolean;
  /** What it says. */
  readonly claimedHeight: number;
  /** What it has proven to this node: the best of its blocks or headers that were checked; 0 and "" = nothing. */
  readonly validatedHeight: number;
  /** 64 hex digits. */
  readonly validatedWork: string;
  /** When it last delivered a whole block. */
  readonly deliveredAt: number;
  /** Not before this time. */
  readonly coolDownUntil: number;
  /** How often it was asked in the present window because of a claim that it has not proven. */
  readonly probes: number;
}

export interface SelectionCriteria {
  readonly now: number;
  readonly localHeight: number;
  /** Chosen by the operator: this one or none. */
  readonly forced?: PeerIdText | undefined;
  /** The one before, which is not chosen again while there is another. */
  readonly previous?: PeerIdText | undefined;
  /** Whether a pruned peer will do where no other is there. */
  readonly allowPruned: boolean;
}

/** How often an unproven claim is worth a question in one window. */
export const MAX_PROBES = 3;
const DELIVERY_COUNTS_MS = 24 * 3_600_000;

/**
 * Whom to ask for blocks, or `undefined` when nobody is worth it. Claims alone bring a peer a few probes, never a better
 * place: the order is by what was delivered and proven. Random among equals, so that not all nodes ask the same one.
 */
export function selectPeer(
  peers: Iterable<SyncCandidate>,
  criteria: SelectionCriteria,
  random: Random,
): PeerIdText | undefined {
  const all = [...peers];
  const { forced, previous } = criteria;
  if (forced !== undefined) return all.find(({ peerId }) => peerId === forced)?.peerId;
  const eligible = all.filter((peer) => isEligible(peer, criteria));
  const whole = eligible.filter(({ pruned }) => !pruned);
  const pool = whole.length > 0 || !criteria.allowPruned ? whole : eligible;
  const others = pool.filter(({ peerId }) => peerId !== previous);
  return best(others.length > 0 ? others : pool, criteria, random);
}

/** Why or why not is not told apart: the choice needs yes or no. */
export function isEligible(peer: SyncCandidate, { now, localHeight }: SelectionCriteria): boolean {
  if (peer.banned || peer.baseUrl === "" || peer.reputation < REPUTATION.usable) return false;
  if (peer.coolDownUntil > now) return false;
  if (peer.validatedHeight > localHeight) return true;
  return peer.claimedHeight > localHeight && peer.probes < MAX_PROBES;
}

function best(
  peers: readonly SyncCandidate[],
  { now }: SelectionCriteria,
  random: Random,
): PeerIdText | undefined {
  const sorted = [...peers].sort((a, b) => compare(a, b, now) || (a.peerId < b.peerId ? -1 : 1));
  const [first] = sorted;
  if (first === undefined) return undefined;
  const equals = sorted.filter((peer) => compare(first, peer, now) === 0);
  return equals[Math.floor(random.number() * equals.length)]?.peerId;
}

function compare(a: SyncCandidate, b: SyncCandidate, now: number): number {
  return Number(delivered(b, now)) - Number(delivered(a, now)) ||
    order(b.validatedWork, a.validatedWork) ||
    b.reputation - a.reputation ||
    (a.meanResponseMs ?? Infinity) - (b.meanResponseMs ?? Infinity) || // two unknown: NaN, which is false
    a.banScore - b.banScore ||
    b.validatedHeight - a.validatedHeight;
}

function delivered({ deliveredAt }: SyncCandidate, now: number): boolean {
  return deliveredAt > 0 && now - deliveredAt < DELIVERY_COUNTS_MS;
}

/** Order of hex texts of equal length; nothing is least. */
function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
