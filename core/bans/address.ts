import ipaddr from "ipaddr.js";

/** 128 bits as four words, most significant first; an IPv4 address stands in the last, after 0, 0, 0xffff. */
export type Words = readonly [number, number, number, number];

/** An IP address. IPv4 that came as IPv4-mapped IPv6 is IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly words: Words;
}

/** Longest text form of an IPv6 address. */
const MAX_LENGTH = 45;
const MAPPED = 0xffff;
/** Prefix bits that the words of an IPv4 address have before its own 32. */
export const IPV4_OFFSET = 96;

/**
 * `text` as an IP address, or `undefined`. IPv4 must have four decimal parts: what else libraries take for one (octal,
 * hexadecimal, fewer parts) means different addresses to different programs. IPv6 without zone or brackets.
 */
export function tryAddress(text: string): Address | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  return text.includes(":") ? tryIpv6(text) : tryIpv4(text);
}

function tryIpv4(text: string): Address | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(text).octets;
  return { family: 4, words: [0, 0, MAPPED, (a << 24 | b << 16 | c << 8 | d) >>> 0] };
}

function tryIpv6(text: string): Address | undefined {
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const dotted = text.includes(".") ? text.slice(text.lastIndexOf(":") + 1) : undefined;
  if (dotted !== undefined && !ipaddr.IPv4.isValidFourPartDecimal(dotted)) return undefined;
  const { parts } = ipaddr.IPv6.parse(text);
  const word = (i: number) => ((parts[i] ?? 0) << 16 | (parts[i + 1] ?? 0)) >>> 0;
  const words: Words = [word(0), word(2), word(4), word(6)];
  return { family: isMapped(words) ? 4 : 6, words };
}

/** True for the words of an IPv4 address. */
export function isMapped([first, second, third]: Words): boolean {
  return first === 0 && second === 0 && third === MAPPED;
}

/** The first `length` bits of an address; the rest is 0. */
export function maskWords([a, b, c, d]: Words, length: number): Words {
  return [maskWord(a, length), maskWord(b, length - 32), maskWord(c, length - 64), maskWord(d, length - 96)];
}

/** The first `bits` bits of one word; below 0 as 0, above 32 as 32. */
export function maskWord(word: number, bits: number): number {
  if (bits >= 32) return word;
  return bits <= 0 ? 0 : (word & -1 << 32 - bits) >>> 0;
}

/** Canonical text: IPv4 as dotted decimal, IPv6 as in RFC 5952. */
export function addressText({ family, words }: Address): string {
  return (family === 4 ? ipv4Of(words) : ipv6Of(words)).toString();
}

/** True for an address of the public internet: not loopback, private, shared (RFC 6598), link-local, reserved and so on. */
export function isPublic({ family, words }: Address): boolean {
  return (family === 4 ? ipv4Of(words) : ipv6Of(words)).range() === "unicast";
}

function ipv4Of([, , , word]: Words): ipaddr.IPv4 {
  return new ipaddr.IPv4([word >>> 24, word >>> 16 & 255, word >>> 8 & 255, word & 255]);
}

function ipv6Of(words: Words): ipaddr.IPv6 {
  return new ipaddr.IPv6(words.flatMap((word) => [word >>> 16, word & 0xffff]));
}
