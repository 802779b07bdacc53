import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { tryPeerIdText } from "../base/mod.ts";
import type { Candidate } from "./discovery_skip.ts";
import { mayLearn } from "./reachability.ts";

const MAX_ADDRESSES = 8;
const MAX_LENGTH = 512;
const DIRECT = /^(?:ip4|ip6|dns|dns4|dns6) tcp(?: ws| tls ws| tls sni ws| wss)?$/;
const RELAYED = /^(?:ip4|ip6|dns|dns4|dns6) tcp(?: ws| tls ws| tls sni ws| wss)? p2p p2p-circuit$/;

/** What addresses of others the node takes. */
export interface LearnRules {
  readonly sharePrivateAddresses: boolean;
  /** Whether addresses over relays are of use. */
  readonly relay: boolean;
}

/** A peer that was told of with those of its addresses that this node could and may dial. */
export function candidateOf(
  peer: { readonly id: { toString(): string }; readonly multiaddrs: readonly Multiaddr[] },
  rules: LearnRules,
): Candidate | undefined {
  const peerId = tryPeerIdText(peer.id.toString());
  if (peerId === undefined) return undefined;
  const addresses = new Set<string>();
  for (const told of peer.multiaddrs) {
    if (addresses.size >= MAX_ADDRESSES) break;
    const address = asWritten(told);
    if (address === undefined) continue;
    const plain = withoutPeerId(address, peerId);
    if (mayDial(plain, rules)) addresses.add(plain.toString());
  }
  return { peerId, addresses: [...addresses] };
}

/** True for an address, without the peer's id, that the node could and may dial. Never throws. */
export function isUseful(told: Multiaddr, rules: LearnRules): boolean {
  const address = asWritten(told);
  return address !== undefined && mayDial(address, rules);
}

function mayDial(address: Multiaddr, rules: LearnRules): boolean {
  const form = address.getComponents().map(({ name }) => name).join(" ");
  if (!DIRECT.test(form) && !(rules.relay && RELAYED.test(form))) return false;
  return address.toString().length <= MAX_LENGTH && mayLearn(address, rules);
}

/**
 * The address as its text says it, `undefined` when that says something else. Others send bytes, in which a name may hold
 * slashes: `a.example/ip4/10.0.0.1` is a name to whoever looks at the bytes, and a way into this network to whoever dials
 * the text.
 */
function asWritten(told: Multiaddr): Multiaddr | undefined {
  try {
    const address = multiaddr(told.toString());
    return address.equals(told) ? address : undefined;
  } catch {
    return undefined; // bytes of a stranger: what is wrong with them helps nobody
  }
}

function withoutPeerId(address: Multiaddr, peerId: string): Multiaddr {
  const last = address.getComponents().at(-1);
  return last?.name === "p2p" && last.value === peerId ? address.decapsulate(`/p2p/${peerId}`) : address;
}
