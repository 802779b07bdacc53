import { type PeerIdText, tryPeerIdText } from "../base/mod.ts";

/** Most peers in the file, and their age (seen last) after which they are forgotten. */
export const MAX_CACHED_PEERS = 100;
export const CACHE_TTL_MS = 30 * 86_400_000;

/** Failures after which a peer is no more dialled at a start, and after which it is forgotten. */
const MAX_FAILURES_TO_DIAL = 5;
const MAX_FAILURES = 10;
const MAX_ADDRESSES = 8;
const MAX_ADDRESS_LENGTH = 512;
const MAX_COUNT = 1_000_000;
const ADDRESS = /^(?:\/[^\s/]{1,255})+$/;

/** What is kept of a peer. Times are Unix milliseconds, 0 = never. */
export interface CachedPeer {
  readonly id: PeerIdText;
  /** Multiaddrs without the peer id. */
  readonly addresses: readonly string[];
  readonly lastSeen: number;
  readonly lastConnected: number;
  readonly connections: number;
  /** Since the last connection. */
  readonly failures: number;
}

/**
 * The peers that are worth a dial, best first: those that were connected before those that never were, then by the part
 * of the attempts that went well, then by the last connection.
 */
export function bestPeers(
  peers: Iterable<CachedPeer>,
  options: { readonly now: number; readonly limit: number },
): CachedPeer[] {
  return [...peers]
    .filter((peer) => isFresh(peer, options.now) && peer.failures < MAX_FAILURES_TO_DIAL)
    .sort(compare)
    .slice(0, options.limit);
}

/** The peers that are kept, at most {@linkcode MAX_CACHED_PEERS}, best first. */
export function prunedPeers(peers: Iterable<CachedPeer>, now: number): CachedPeer[] {
  return [...peers]
    .filter((peer) => isFresh(peer, now) && peer.failures < MAX_FAILURES && peer.addresses.length > 0)
    .sort(compare)
    .slice(0, MAX_CACHED_PEERS);
}

function isFresh({ lastSeen }: CachedPeer, now: number): boolean {
  return now - lastSeen < CACHE_TTL_MS;
}

function compare(a: CachedPeer, b: CachedPeer): number {
  return Number(b.connections > 0) - Number(a.connections > 0) || successRatio(b) - successRatio(a) ||
    b.lastConnected - a.lastConnected || (a.id < b.id ? -1 : 1);
}

function successRatio({ connections, failures }: CachedPeer): number {
  return connections / (connections + failures + 1);
}

/** Text of the cache file. */
export function writeCache(peers: Iterable<CachedPeer>): string {
  const rows = [...peers].map((peer) => ({
    id: peer.id,
    addresses: peer.addresses,
    last_seen: timeText(peer.lastSeen),
    last_connected: timeText(peer.lastConnected),
    connection_count: peer.connections,
    failure_count: peer.failures,
  }));
  return JSON.stringify({ version: 1, peers: rows }, null, 1) + "\n";
}

/**
 * Reads the text of a cache file. Times in the future (the clock was set back since) count as now. A peer that makes no
 * sense is left out.
 * @throws {SyntaxError} when the whole is not such a file
 */
export function readCache(text: string, now: number): CachedPeer[] {
  const file: unknown = JSON.parse(text);
  if (!isRecord(file) || file.version !== 1 || !Array.isArray(file.peers)) {
    throw new SyntaxError("it is not a peer cache of version 1");
  }
  const peers = new Map<PeerIdText, CachedPeer>();
  for (const row of file.peers.slice(0, 10 * MAX_CACHED_PEERS)) {
    const peer = readPeer(row, now);
    if (peer !== undefined) peers.set(peer.id, peer);
  }
  return prunedPeers(peers.values(), now);
}

function readPeer(row: unknown, now: number): CachedPeer | undefined {
  if (!isRecord(row) || !Array.isArray(row.addresses)) return undefined;
  const id = tryPeerIdText(row.id);
  const addresses = plainAddresses(row.addresses);
  if (id === undefined || addresses.length === 0) return undefined;
  return {
    id,
    addresses,
    lastSeen: readTime(row.last_seen, now),
    lastConnected: readTime(row.last_connected, now),
    connections: readCount(row.connection_count),
    failures: readCount(row.failure_count),
  };
}

/** The distinct multiaddrs among some values, as many as are kept. */
export function plainAddresses(values: readonly unknown[]): string[] {
  const texts = values.filter((value): value is string =>
    typeof value === "string" && value.length <= MAX_ADDRESS_LENGTH && ADDRESS.test(value)
  );
  return [...new Set(texts)].slice(0, MAX_ADDRESSES);
}

function readTime(value: unknown, now: number): number {
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isFinite(time) ? Math.min(Math.max(0, time), now) : 0;
}

function readCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value)
    ? Math.min(Math.max(0, value), MAX_COUNT)
    : 0;
}

function timeText(time: number): string {
  return new Date(Math.min(Math.max(0, time), 8.64e15)).toISOString();
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
