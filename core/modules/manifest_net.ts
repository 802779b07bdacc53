import ipaddr from "ipaddr.js";

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** `host:port` of a manifest in normal form (lower case), or why it is none. */
export function parseEndpoint(text: string): { readonly endpoint: string } | { readonly problem: string } {
  if (text.length > 300) return { problem: "need at most 300 characters" };
  if (text.includes("://")) return { problem: "need host:port without a scheme" };
  if (text.includes("*")) return { problem: "wildcards are not allowed" };
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]/@\s]+):(\d{1,5})$/.exec(text);
  if (!match?.[1] || !match[2]) {
    return { problem: `need host:port, have ${JSON.stringify(text.slice(0, 80))}` };
  }
  const port = Number(match[2]);
  if (port < 1 || port > 65_535 || match[2] !== String(port)) {
    return { problem: "need a port from 1 to 65535" };
  }
  const host = match[1].toLowerCase();
  const fine = host.startsWith("[")
    ? ipaddr.IPv6.isValid(host.slice(1, -1))
    : isHostName(host) || isIPv4(host);
  return fine
    ? { endpoint: `${host}:${port}` }
    : { problem: `${JSON.stringify(match[1])} is no host name or address` };
}

function isIPv4(host: string): boolean {
  return /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(host) && ipaddr.IPv4.isValid(host);
}

/** A last label of digits (or `0x…`) would be read as an address by resolvers: `127.1`, `2130706433`, `0x7f.1`. */
function isHostName(host: string): boolean {
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/.test(last);
}
