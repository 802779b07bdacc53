import ipaddr from "ipaddr.js";

/** How far a host can be reached: by everybody, inside a network of the operator's, or not at all as a server. */
export type HostReach = "public" | "private" | "none";

/** Ranges of one's own machine or network. */
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  "loopback",
  "private",
  "linkLocal",
  "uniqueLocal",
  "carrierGradeNat",
]);
/**
 * Names that never leave a machine or network (RFC 6761, 6762, 8375; cloud metadata servers), and those that the DNS is
 * not to be asked for (RFC 7686, 9476): whoever has them at all has them by a system of the own machine.
 */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|home\.arpa|onion|alt|invalid)$/;
/** Longest name of the DNS (RFC 1035, 2.3.4). */
const MAX_HOST_LENGTH = 253;

/** Addresses of documentation (RFC 5737, RFC 3849): they lead nowhere, so nobody is harmed, and examples use them. */
const EXAMPLES = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]
  .map((network) => ipaddr.parseCIDR(network));

/**
 * Reach of a URL's host name as `URL` gives it: it has put all spellings of IPv4 into one and IPv6 into brackets. A name
 * is judged as a name; what it resolves to is only known when it is called.
 */
export function hostReach(hostname: string): HostReach {
  const host = withoutEndDots(hostname.toLowerCase());
  if (host.length > MAX_HOST_LENGTH) return "none";
  if (host.startsWith("[")) return addressReach(host.slice(1, -1));
  if (ipaddr.IPv4.isValid(host)) return addressReach(host);
  if (host === "") return "none";
  return PRIVATE_NAME.test(host) || !host.includes(".") ? "private" : "public";
}

/** `text` without the dots at its end; a pattern would look at a long row of dots in its middle again from each of them. */
export function withoutEndDots(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === ".") end--;
  return text.slice(0, end);
}

/** Reach of an IP address; addresses that carry an IPv4 address in IPv6 count as none, but for the mapped ones. */
export function addressReach(text: string): HostReach {
  if (!ipaddr.isValid(text)) return "none";
  const address = ipaddr.process(text); // takes mapped addresses for the IPv4 ones that they are
  const range = address.range();
  if (range === "unicast" || EXAMPLES.some((network) => isIn(address, network))) return "public";
  return PRIVATE_RANGES.has(range) ? "private" : "none";
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, network: ReturnType<typeof ipaddr.parseCIDR>): boolean {
  return address.kind() === network[0].kind() && address.match(network);
}
