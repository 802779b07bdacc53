import { CommonsError } from "../base/mod.ts";
import {
  type Address,
  addressText,
  IPV4_OFFSET,
  isMapped,
  maskWords,
  tryAddress,
  type Words,
} from "./address.ts";
import { peerText } from "./peer_text.ts";

/** What a ban can be about. */
export type BanKind = "ip" | "cidr" | "peer";

/** A network, or a single address as one of full length. */
export interface Network {
  readonly family: 4 | 6;
  readonly words: Words;
  /** Bits of 128; those of an IPv4 network begin at 96. */
  readonly length: number;
}

/** What is banned. `text` is canonical: two spellings of the same thing have the same. */
export type BanTarget =
  | { readonly kind: "peer"; readonly text: string }
  | { readonly kind: "ip" | "cidr"; readonly text: string; readonly network: Network };

/** Longest text that is looked at. */
const MAX_LENGTH = 128;
const FULL = 128;
const WITH_PORT = /^(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/;

/**
 * Reads a peer id (base58, by its form, or as a CID), an IP address or a CIDR network. Addresses may carry a port, which is dropped
 * (`192.0.2.1:9905`, `[2001:db8::1]:9905`). Networks lose the bits behind their prefix, one of full length is an
 * address, and an IPv4 mask (`192.0.2.0/255.255.255.0`) is a prefix. IPv4-mapped IPv6 is IPv4. Names are never resolved.
 *
 * @throws {CommonsError} `INVALID_BAN_TARGET`
 */
export function parseBanTarget(text: string): BanTarget {
  const target = tryBanTarget(text);
  if (target !== undefined) return target;
  throw new CommonsError(
    "INVALID_BAN_TARGET",
    `Cannot use ${
      JSON.stringify(text.slice(0, 80))
    } as the target of a ban: need an IP address, a CIDR network or a peer id`,
  );
}

/** As {@linkcode parseBanTarget}, but `undefined` for what is none. */
export function tryBanTarget(text: unknown): BanTarget | undefined {
  if (typeof text !== "string" || text.length > MAX_LENGTH) return undefined;
  const peerId = peerText(text);
  if (peerId !== undefined) return { kind: "peer", text: peerId };
  const slash = text.indexOf("/");
  if (slash !== -1) return tryNetwork(text.slice(0, slash), text.slice(slash + 1));
  const address = tryAddress(withoutPort(text) ?? text);
  return address && networkTarget(address, FULL);
}

/** The target that bans the first `length` bits (of 128) of an address. */
export function networkTarget(address: Address, length: number): BanTarget {
  const words = maskWords(address.words, length);
  const family = isMapped(words) && length >= IPV4_OFFSET ? 4 : 6;
  const text = addressText({ family, words });
  const network = { family, words, length } as const;
  if (length === FULL) return { kind: "ip", text, network };
  return { kind: "cidr", text: `${text}/${family === 4 ? length - IPV4_OFFSET : length}`, network };
}

function tryNetwork(base: string, size: string): BanTarget | undefined {
  const address = tryAddress(base);
  if (address === undefined) return undefined;
  const dotted = !base.includes(":");
  const bits = dotted && size.includes(".") ? maskLength(size) : prefixLength(size);
  if (bits === undefined || bits > (dotted ? 32 : FULL)) return undefined;
  return networkTarget(address, dotted ? bits + IPV4_OFFSET : bits);
}

function prefixLength(size: string): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(size) ? Number(size) : undefined;
}

/** Prefix bits of a mask such as 255.255.240.0. */
function maskLength(mask: string): number | undefined {
  const word = tryAddress(mask)?.words[3];
  if (word === undefined) return undefined;
  const zeros = ~word >>> 0; // 2^k - 1 when the ones stand together
  return (zeros & zeros + 1) === 0 ? Math.clz32(zeros) : undefined;
}

/** The address of `address:port` or `[address]`, `undefined` for anything else. */
function withoutPort(text: string): string | undefined {
  const [, ipv4, ipv6, port = "0"] = WITH_PORT.exec(text) ?? [];
  if (Number(port) > 65_535 || (ipv6 !== undefined && !ipv6.includes(":"))) return undefined;
  return ipv4 ?? ipv6;
}
