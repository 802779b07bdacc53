import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { CommonsError, type PeerIdText, tryPeerIdText } from "../base/mod.ts";

const MAX_LENGTH = 512;
const LISTEN = /^(?:ip4|ip6) tcp(?: ws)?$/;
const DIAL = /^(?:ip4|ip6|dns|dns4|dns6) tcp(?: ws| tls ws| wss)? p2p$/;
const BOOTSTRAP = /^(?:(?:ip4|ip6|dns|dns4|dns6) tcp(?: ws| tls ws| wss)?|dnsaddr) p2p$/;
const ANNOUNCE = /^(?:ip4|ip6|dns|dns4|dns6) tcp(?: ws| tls ws| wss)?(?: p2p)?$/;

const UNSPECIFIED = /^\/ip4\/0\.0\.0\.0$|^\/ip6\/[0:]+$/;

/** Transports that libp2p knows and this node does not speak; all of them encrypt by themselves, past a shared key. */
const UNSPOKEN: ReadonlySet<string> = new Set([
  "quic",
  "quic-v1",
  "webtransport",
  "webrtc",
  "webrtc-direct",
  "p2p-webrtc-star",
  "p2p-webrtc-direct",
]);

/** A peer's address with the id that must answer there. */
export interface PeerAddress {
  readonly address: Multiaddr;
  readonly peerId: PeerIdText;
}

/**
 * Reads the address of a peer to dial: TCP or WebSockets and `/p2p/<peer id>`.
 * @throws {CommonsError} `INVALID_MULTIADDR`
 */
export function parsePeerAddress(text: string): PeerAddress {
  return withPeerId(text, {
    form: DIAL,
    wanted: "/ip4/…/tcp/…/p2p/<peer id>, /ws before /p2p for WebSockets",
  });
}

/**
 * Reads the address of an entry point of the DHT: as that of a peer, or `/dnsaddr/<name>/p2p/<peer id>`, whose DNS
 * records hold the addresses.
 * @throws {CommonsError} `INVALID_MULTIADDR`
 */
export function parseBootstrapAddress(text: string): PeerAddress {
  return withPeerId(text, {
    form: BOOTSTRAP,
    wanted: "/ip4/…/tcp/…/p2p/<peer id> or /dnsaddr/…/p2p/<peer id>",
  });
}

/** @throws {CommonsError} `INVALID_MULTIADDR` unless `text` is an address to listen on by TCP or WebSockets. */
export function parseListenAddress(text: string): Multiaddr {
  return parse(text, { form: LISTEN, wanted: "/ip4/…/tcp/…, with /ws for WebSockets" });
}

/** @throws {CommonsError} `INVALID_MULTIADDR` unless `text` is an address that others may dial; with an id only `self`'s */
export function parseAnnounceAddress(text: string, self?: PeerIdText): Multiaddr {
  const address = parse(text, {
    form: ANNOUNCE,
    wanted: "/ip4/…/tcp/… or /dns4/…/tcp/…, with /ws for WebSockets",
  });
  for (const { name, value = "" } of address.getComponents()) {
    if (name === "tcp" && value === "0") throw invalid(text, "nobody can dial port 0");
    if (UNSPECIFIED.test(`/${name}/${value}`)) {
      throw invalid(text, "it stands for all addresses, not for one");
    }
    if (name === "p2p" && self !== undefined && value !== self) throw invalid(text, "it is another node's");
  }
  return address;
}

/** Transport of an address in one word, for people and events. */
export function transportOf(address: Multiaddr): "tcp" | "ws" {
  return address.getComponents().some(({ name }) => name === "ws" || name === "wss") ? "ws" : "tcp";
}

/** The transport in an address that this node does not speak, `undefined` where there is none (or no multiaddr). */
export function unspokenTransport(text: string): string | undefined {
  try {
    return text.length > MAX_LENGTH ? undefined : unspokenIn(multiaddr(text));
  } catch {
    return undefined; // whoever reads it says so
  }
}

function unspokenIn(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ name }) => UNSPOKEN.has(name))?.name;
}

function withPeerId(text: string, options: Parameters<typeof parse>[1]): PeerAddress {
  const address = parse(text, options);
  const peerId = tryPeerIdText(address.getComponents().at(-1)?.value);
  if (peerId === undefined) throw invalid(text, "the peer id is malformed");
  return { address, peerId };
}

function parse(text: string, options: { readonly form: RegExp; readonly wanted: string }): Multiaddr {
  let address: Multiaddr;
  try {
    if (text.length > MAX_LENGTH) throw new RangeError("too long");
    address = multiaddr(text);
  } catch (cause) {
    throw invalid(text, "it is not a multiaddr", cause);
  }
  if (!options.form.test(address.getComponents().map(({ name }) => name).join(" "))) {
    const unspoken = unspokenIn(address);
    throw invalid(
      text,
      unspoken === undefined
        ? `need ${options.wanted}`
        : `this node does not speak ${unspoken}; need ${options.wanted}`,
    );
  }
  return address;
}

function invalid(text: string, state: string, cause?: unknown): CommonsError {
  return new CommonsError(
    "INVALID_MULTIADDR",
    `Cannot use the address ${JSON.stringify(text.slice(0, 120))}: ${state}`,
    { cause },
  );
}
