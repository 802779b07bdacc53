import type { Multiaddr } from "@multiformats/multiaddr";
import ipaddr from "ipaddr.js";
import { CommonsError } from "../base/mod.ts";

/** Who can reach an address: everybody, only the same machine or network, or nobody can tell (not IP, not a name). */
export type AddressScope = "public" | "private" | "unknown";

const NAMES = new Set(["dns", "dns4", "dns6", "dnsaddr"]);
/** Names that mean something inside one network only (RFC 6761, RFC 6762, RFC 8375 and habits). */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|home\.arpa|corp|test|invalid)$/;

/** Scope of the host that a multiaddr connects to; of a relayed address, the relay's. */
export function addressScope(address: Multiaddr): AddressScope {
  for (const { name, value = "" } of address.getComponents()) {
    if (name === "ip4" || name === "ip6") return ipScope(value);
    if (NAMES.has(name)) return nameScope(value);
  }
  return "unknown";
}

/** IP address that a multiaddr connects to, IPv4-mapped IPv6 as IPv4; `undefined` for names. */
export function ipOf(address: Multiaddr): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const found = address.getComponents().find(({ name }) => name === "ip4" || name === "ip6")?.value;
  return found === undefined || !ipaddr.isValid(found) ? undefined : ipaddr.process(found);
}

/** Scope of an IP address; what is none is private. */
export function ipScope(text: string): AddressScope {
  return ipaddr.isValid(text) && ipaddr.process(text).range() === "unicast" ? "public" : "private";
}

function nameScope(text: string): AddressScope {
  const name = text.toLowerCase().replace(/\.+$/, "");
  return name.includes(".") && !LOCAL_NAME.test(name) ? "public" : "private";
}

/** What decides about the node's own addresses. */
export interface AnnounceRules {
  /** What the operator wants announced; then nothing else is. */
  readonly announce: readonly string[];
  readonly sharePrivateAddresses: boolean;
}

/**
 * The addresses that the node tells others, of those that it knows of itself: what the operator says where he says
 * something, otherwise what everybody can reach, and private ones only when they are shared.
 */
export function announced(own: readonly Multiaddr[], rules: AnnounceRules): Multiaddr[] {
  const distinct = new Map(own.map((address) => [address.toString(), address]));
  if (rules.announce.length > 0) return [...distinct.values()];
  return [...distinct.values()].filter((address) => mayLearn(address, rules));
}

/**
 * True for an address told by somebody else that the node may keep and dial. Private ones would let any peer make this
 * node knock on doors inside its own network, so they count only where such addresses are shared.
 */
export function mayLearn(address: Multiaddr, rules: Pick<AnnounceRules, "sharePrivateAddresses">): boolean {
  const scope = addressScope(address);
  return scope === "public" || (scope === "private" && rules.sharePrivateAddresses);
}

/** Transports on which the pre-shared key is applied before anything else is said. */
const PROTECTED_TRANSPORTS: ReadonlySet<string> = new Set(["tcp", "websockets", "circuit-relay"]);

/**
 * Refuses transports that would let strangers into a network with a pre-shared key: those that encrypt by themselves
 * (WebRTC, WebTransport, QUIC) skip it. What is not known to apply the key counts as skipping it.
 * @throws {CommonsError} `SHARED_KEY_BYPASSED`
 */
export function assertProtected(sharedKey: string | undefined, transports: readonly string[]): void {
  if (!sharedKey) return;
  const bypassing = transports.filter((name) => !PROTECTED_TRANSPORTS.has(name));
  if (bypassing.length === 0) return;
  throw new CommonsError(
    "SHARED_KEY_BYPASSED",
    `Cannot close the network with p2p.shared_key: ${bypassing.join(", ")} would connect without it`,
  );
}

/**
 * The same for an address in the settings whose transport encrypts by itself. Without a shared key there is nothing to
 * say here: such an address is refused because the node does not speak its transport.
 * @throws {CommonsError} `SHARED_KEY_BYPASSED`
 */
export function assertSharedKeyHolds(
  sharedKey: string | undefined,
  of: { readonly transport: string; readonly setting: string; readonly address: string },
): void {
  if (!sharedKey) return;
  const { transport, setting, address } = of;
  throw new CommonsError(
    "SHARED_KEY_BYPASSED",
    `Cannot close the network with p2p.shared_key: ${transport} in ${setting} (${
      address.slice(0, 120)
    }) would connect without it`,
  );
}
