import type { PeerIdText } from "../base/mod.ts";

/** A peer that somebody says is there. */
export interface Candidate {
  readonly peerId: PeerIdText;
  /** Multiaddrs as text, without the peer id; only those that may be dialled. */
  readonly addresses: readonly string[];
}

/**
 * What the last dial of a peer failed of: it had no address that can be dialled, somebody else answered there, this
 * node or that one refused, or anything that may be over the next time.
 */
export type DialFailure = "no_good_addresses" | "identity_mismatch" | "refused" | "other";

/** What is remembered of failed dials of one peer. */
export interface FailedDials {
  readonly kind: DialFailure;
  /** In a row. */
  readonly count: number;
  /** Monotonic milliseconds before which the peer is left alone. */
  readonly notBefore: number;
  /** The addresses that were tried. */
  readonly addresses: readonly string[];
}

export type SkipReason =
  | "self"
  | "connected"
  | "dialing"
  | "banned"
  | "no_addresses"
  | "identity_mismatch"
  | "no_good_addresses"
  | "backing_off";

/** What {@linkcode skipReason} asks about a candidate. */
export interface SkipContext {
  readonly self: PeerIdText;
  /** Monotonic milliseconds. */
  readonly now: number;
  isConnected(peerId: PeerIdText): boolean;
  isDialing(peerId: PeerIdText): boolean;
  isBanned(candidate: Candidate): boolean;
  failedDials(peerId: PeerIdText): FailedDials | undefined;
}

/**
 * Why a candidate is not dialled now, or `undefined` when it should be. Errors decide as in the rules of the earlier
 * generations: somebody else at its addresses stays a reason for as long as that is remembered (but not for addresses
 * that were not tried yet, or whoever tells wrong ones could make a peer unreachable); a peer without good addresses is
 * tried again only when there is one that is not this machine's own; anything else waits its time.
 */
export function skipReason(candidate: Candidate, context: SkipContext): SkipReason | undefined {
  const { peerId, addresses } = candidate;
  if (peerId === context.self) return "self";
  if (context.isConnected(peerId)) return "connected";
  if (context.isDialing(peerId)) return "dialing";
  if (addresses.length === 0) return "no_addresses";
  if (context.isBanned(candidate)) return "banned";
  const failed = context.failedDials(peerId);
  if (failed === undefined) return undefined;
  if (failed.kind === "identity_mismatch" && addresses.every((one) => failed.addresses.includes(one))) {
    return "identity_mismatch";
  }
  if (failed.kind === "no_good_addresses" && onlyLoopback(addresses)) return "no_good_addresses";
  return failed.notBefore > context.now ? "backing_off" : undefined;
}

function onlyLoopback(addresses: readonly string[]): boolean {
  return addresses.length <= 1 && addresses.every((address) => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address));
}

const NAMES: Readonly<Record<string, DialFailure>> = {
  NoValidAddressesError: "no_good_addresses",
  UnexpectedPeerError: "identity_mismatch",
  InvalidPeerIdError: "identity_mismatch",
  DialDeniedError: "refused",
  ConnectionDeniedError: "refused",
};
const MAX_DEPTH = 4;

/** Kind of a failed dial. Where several addresses failed, the one kind that all share, else `other`. */
export function dialFailure(error: unknown, depth = 0): DialFailure {
  if (depth > MAX_DEPTH || !(error instanceof Error)) return "other";
  const named = Object.hasOwn(NAMES, error.name) ? NAMES[error.name] : undefined;
  if (named !== undefined) return named;
  if (/no valid addresses|no good addresses/i.test(error.message)) return "no_good_addresses";
  if (/peer ?id mismatch|does not match/i.test(error.message)) return "identity_mismatch";
  const inner = error instanceof AggregateError ? error.errors.slice(0, 32) : [error.cause];
  const kinds = new Set(inner.map((one) => dialFailure(one, depth + 1)));
  const [only] = kinds;
  return kinds.size === 1 && only !== undefined ? only : "other";
}
