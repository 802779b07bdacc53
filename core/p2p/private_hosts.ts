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
/** Names that never leave a machine or network (RFC 6761, 6762, 8375; cloud metadata servers). */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|home\.arpa)$/;

/**
 * Reach of a URL's host name as `URL` gives it: it has put all spellings of IPv4 into one and IPv6 into brackets. A name
 * is judged as a name; what it resolves to is only known when it is called.
 */
export function hostReach(hostname: string): HostReach {
  const host = hostname.toLowerCase().replace(/\.+$/, "");
  if (host.startsWith("[")) return addressReach(host.slice(1, -1));
  if (ipaddr.IPv4.isValid(host)) return addressReach(host);
  if (host === "") return "none";
  return PRIVATE_NAME.test(host) || !host.includes(".") ? "private" : "public";
}

/** Reach of an IP address; addresses that carry an IPv4 address in IPv6 count as none, but for the mapped ones. */
export function addressReach(text: string): HostReach {
  if (!ipaddr.isValid(text)) return "none";
  const range = ipaddr.process(text).range(); // takes mapped addresses for the IPv4 ones that they are
  if (range === "unicast") return "public";
  return PRIVATE_RANGES.has(range) ? "private" : "none";
}
