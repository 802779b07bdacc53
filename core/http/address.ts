const MAPPED = "::ffff:";

/** Text of a socket's remote host, IPv4-mapped IPv6 shown as IPv4; "" for anything but TCP. */
export function remoteHost(address: Deno.Addr): string {
  if (address.transport !== "tcp") return "";
  const { hostname } = address;
  return hostname.startsWith(MAPPED) ? hostname.slice(MAPPED.length) : hostname;
}

/** True for a host of 127.0.0.0/8 or ::1, as {@linkcode remoteHost} writes it. */
export function isLoopback(host: string): boolean {
  return host === "127.0.0.1" || host === "::1" || host.startsWith("127.");
}

/**
 * What limits count by: an IPv4 address, or the /64 of an IPv6 address, because one client holds a whole /64.
 * `host` is a socket's address, so it is well formed.
 */
export function sourceKey(host: string): string {
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    while (groups.length + rest.length < 8) groups.push("0");
    groups.push(...rest);
  }
  return groups.slice(0, 4).join(":") + "::/64";
}
